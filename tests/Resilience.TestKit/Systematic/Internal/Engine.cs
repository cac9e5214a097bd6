using System.Collections.Concurrent;

namespace Resilience.TestKit.Systematic.Internal;

/// <summary>
/// Runs schedules one after another. There is one baton: all state below is touched only by the thread that holds it, and handing it over (a semaphore)
/// is the memory barrier. Strands that are parked at an interleaving point keep their thread, so preemption in the middle of synchronous code is real.
/// </summary>
internal sealed partial class Engine(ScheduleExplorer explorer, ScheduleStrategy strategy, Func<Schedule, Task> test)
{
    private const int PointsAfterTheEnd = 100_000;

    private readonly IChooser _chooser = strategy == ScheduleStrategy.Pct ? new PctChooser(explorer.Depth) : new UniformChooser();
    private readonly List<Strand> _ready = new(16);
    private readonly List<LogicalTask> _tasks = new(16);
    private readonly Stack<Worker> _idle = new();
    private readonly ConcurrentQueue<Strand> _foreign = new();
    private readonly ManualResetEventSlim _foreignArrived = new();
    private readonly Trace _trace = new();
    private int _workers;
    private int _epoch;
    private long _sequence;
    private int _step;
    private bool _ended;
    private bool _abandoning;
    private int _pointsAfterTheEnd;
    private Worker? _finisher;
    private LogicalTask? _main;
    private ScheduleTime? _time;
    private SplitMix _timeChoices;

    public ScheduleTime Time => _time!;

    public ScheduleFailure? Failure { get; private set; }

    public Func<string, Exception?>? Faults { get; set; }

    /// <summary>Runs until the schedule is over, or until the baton went to another worker.</summary>
    public void Loop(Worker worker, Strand? assigned)
    {
        if (_main is null)
        {
            BeginNextSchedule();
        }

        if (assigned is { } first)
        {
            worker.Execute(first);
        }

        while (true)
        {
            if (_abandoning)
            {
                _idle.Push(worker);
                _finisher!.Wake();
                return;
            }

            if (!TryNext(out var strand))
            {
                FinishSchedule(worker);
                if (!BeginNextSchedule())
                {
                    _idle.Push(worker);
                    _done.Set();
                    return;
                }
            }
            else if (strand.Parked is { } parked)
            {
                _idle.Push(worker);
                parked.Wake();
                return;
            }
            else
            {
                worker.Execute(strand);
            }
        }
    }

    /// <summary>An interleaving point was hit by the strand that runs on <paramref name="worker"/>.</summary>
    public void Point(Worker worker, string point)
    {
        var task = worker.Running!;
        if (_abandoning)
        {
            if (++_pointsAfterTheEnd > PointsAfterTheEnd)
            {
                throw new ScheduleAbandonedException();
            }

            return;
        }

        task.LastPoint = point;
        _trace.Add(task, point);
        _ready.Add(new Strand(task, _sequence++, null, null, worker));
        if (!TryNext(out var next))
        {
            IdleWorker().Wake();
            worker.Park();
        }
        else if (!ReferenceEquals(next.Parked, worker))
        {
            if (next.Parked is { } parked)
            {
                parked.Wake();
            }
            else
            {
                IdleWorker().Wake(next);
            }

            worker.Park();
        }

        if (!_abandoning && Faults?.Invoke(point) is { } fault)
        {
            _trace.Add(task, "fails here");
            throw fault;
        }
    }

    /// <summary>A continuation or a new body became ready.</summary>
    public void Post(LogicalTask task, SendOrPostCallback callback, object? state)
    {
        var strand = new Strand(task, 0, callback, state, null);
        if (Worker.Current is { } worker && ReferenceEquals(worker.Engine, this))
        {
            if (!_abandoning && task.Epoch == _epoch)
            {
                _ready.Add(strand with { Sequence = _sequence++ });
            }

            return;
        }

        _foreign.Enqueue(strand);
        _foreignArrived.Set();
    }

    public LogicalTask CreateTask(string name)
    {
        var task = new LogicalTask(this, _epoch, _tasks.Count, name);
        _tasks.Add(task);
        _chooser.TaskCreated(task);
        return task;
    }

    public void Yielded(LogicalTask task) => _chooser.Yielded(task);

    public void Note(LogicalTask task, string text) => _trace.Add(task, text);

    public void Fail(ScheduleFailureKind kind, string message, Exception? exception = null)
    {
        if (_abandoning)
        {
            return;
        }

        _ended = true;
        Failure ??= new ScheduleFailure(strategy, _seed, kind, message, exception, _step, _trace.Hash, _trace.Format());
    }

    private bool TryNext(out Strand strand)
    {
        strand = default;
        TakeForeign();
        if (_main!.Body!.IsCompleted)
        {
            _ended = true;
        }

        if (!_ended && _ready.Count == 0 && explorer.AllowEscapes)
        {
            WaitForForeign();
        }

        if (!_ended && (_ready.Count == 0 || JumpsEarly()) && _time!.Pending > 0)
        {
            _time.FireNext();
        }

        if (!_ended && _ready.Count == 0)
        {
            EndInDeadlock();
        }

        if (!_ended && ++_step > explorer.MaxSteps)
        {
            Fail(ScheduleFailureKind.Livelock, $"No end after {explorer.MaxSteps} steps.");
        }

        if (_ended)
        {
            return false;
        }

        var index = _chooser.Choose(_ready, _step);
        strand = _ready[index];
        _ready[index] = _ready[^1];
        _ready.RemoveAt(_ready.Count - 1);
        if (!ReferenceEquals(strand.Parked, Worker.Current))
        {
            _trace.Add(strand.Task, strand.Parked is null ? "runs" : "goes on");
        }

        return true;
    }

    private bool JumpsEarly() => explorer.EagerTimers && _time!.Pending > 0 && _timeChoices.Below(24) == 0;

    private Worker IdleWorker() => _idle.Count > 0 ? _idle.Pop() : new Worker(this, ++_workers);
}
