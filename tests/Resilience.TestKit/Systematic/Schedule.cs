using System.Runtime.CompilerServices;
using Resilience.TestKit.Systematic.Internal;

namespace Resilience.TestKit.Systematic;

/// <summary>One schedule, as the test sees it. For use by the code that runs inside it only.</summary>
public sealed class Schedule
{
    private readonly Engine _engine;
    private SplitMix _faults;

    internal Schedule(Engine engine, ulong faultSeed)
    {
        _engine = engine;
        _faults = new SplitMix(faultSeed);
    }

    /// <summary>The clock of this schedule.</summary>
    public ScheduleTime Time => _engine.Time;

    /// <summary>
    /// Asked at every interleaving point; an exception that it returns is thrown there, into the code under test: a worker that dies between two steps.
    /// </summary>
    public Func<string, Exception?>? Faults
    {
        get => _engine.Faults;
        set => _engine.Faults = value;
    }

    /// <summary>Starts a logical task. It runs when the schedule chooses it; the returned task is its outcome.</summary>
    /// <param name="name">The name in traces.</param>
    /// <param name="body">The code.</param>
    public Task Run(string name, Func<Task> body)
    {
        var task = _engine.CreateTask(name);
        task.Body = StartBody(task, body);
        return task.Body;
    }

    /// <summary>Starts a logical task that is synchronous.</summary>
    /// <param name="name">The name in traces.</param>
    /// <param name="body">The code.</param>
    public Task Run(string name, Action body) => Run(name, () =>
    {
        body();
        return Task.CompletedTask;
    });

    /// <summary>Starts a logical task with a result.</summary>
    /// <param name="name">The name in traces.</param>
    /// <param name="body">The code.</param>
    public async Task<T> Run<T>(string name, Func<Task<T>> body)
    {
        var result = default(T)!;
        await Run(name, async Task () => result = await body());
        return result;
    }

    /// <summary>A place where another task may run, in the middle of synchronous code too.</summary>
    /// <param name="name">The name in traces.</param>
    public static void Point(string name) => ScheduleExplorer.Interleave(name);

    /// <summary>Lets any other task run before the caller goes on.</summary>
    public YieldAwaitable Yield() => new(this, givesWay: false);

    /// <summary>Like <see cref="Yield"/>, for loops that poll: under PCT the caller drops below all others.</summary>
    public YieldAwaitable GiveWay() => new(this, givesWay: true);

    /// <summary>A choice of the test, such as which fault to inject: 0 to <paramref name="count"/> - 1, and the same for the same seed.</summary>
    /// <param name="count">Number of possibilities.</param>
    public int Choose(int count) => _faults.Below(count);

    /// <summary>Writes a line into the trace.</summary>
    /// <param name="text">The line.</param>
    public void Note(string text) => _engine.Note(Worker.Current!.Running!, text);

    /// <summary>Fails the schedule unless the condition holds.</summary>
    /// <param name="holds">The condition.</param>
    /// <param name="message">What was expected.</param>
    public static void Check(bool holds, string message)
    {
        if (!holds)
        {
            throw new InvalidOperationException(message);
        }
    }

    internal static Task StartBody(LogicalTask task, Func<Task> body)
    {
        // No asynchronous continuations here: they would go to the thread pool. Whoever awaits has a context, and the continuation is posted to it.
        var outcome = new TaskCompletionSource();
        var context = ExecutionContext.Capture();
        task.Post(
            _ =>
            {
                if (context is null)
                {
                    Begin(body, outcome);
                }
                else
                {
                    ExecutionContext.Run(context, _ => Begin(body, outcome), null);
                }
            },
            null);
        return outcome.Task;
    }

    private static async void Begin(Func<Task> body, TaskCompletionSource outcome)
    {
        try
        {
            await body();
            outcome.TrySetResult();
        }
        catch (OperationCanceledException exception)
        {
            outcome.TrySetCanceled(exception.CancellationToken);
        }
        catch (Exception exception) when (exception is not ScheduleAbandonedException)
        {
            outcome.TrySetException(exception);
        }
    }

    /// <summary>The awaitable of <see cref="Yield"/>.</summary>
    public readonly struct YieldAwaitable : ICriticalNotifyCompletion
    {
        private readonly Schedule _schedule;
        private readonly bool _givesWay;

        internal YieldAwaitable(Schedule schedule, bool givesWay)
        {
            _schedule = schedule;
            _givesWay = givesWay;
        }

        /// <summary>Always false: the caller always gives the choice back.</summary>
        public bool IsCompleted => false;

        /// <summary>Returns this.</summary>
        public YieldAwaitable GetAwaiter() => this;

        /// <summary>Nothing to return.</summary>
        public void GetResult()
        {
        }

        /// <inheritdoc />
        public void OnCompleted(Action continuation) => UnsafeOnCompleted(continuation);

        /// <inheritdoc />
        public void UnsafeOnCompleted(Action continuation)
        {
            var task = Worker.Current?.Running ?? throw new InvalidOperationException("Not inside a schedule.");
            if (_givesWay)
            {
                _schedule._engine.Yielded(task);
            }

            task.Post(static state => ((Action)state!)(), continuation);
        }
    }
}
