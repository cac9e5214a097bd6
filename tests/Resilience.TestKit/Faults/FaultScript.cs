using Resilience.TestKit.Faults.Internal;
using Resilience.TestKit.Internal;
using Resilience.TestKit.Processes.Internal;

namespace Resilience.TestKit;

/// <summary>
/// Decides at each named step of the code under test whether it passes, fails before or after its effect, hangs, or kills the process. The test writes the script
/// (<see cref="On"/>, <see cref="OnCall"/>), fakes and wrappers run their steps through it (<see cref="RunAsync{T}"/>).
/// </summary>
/// <remarks>
/// Thread-safe. Faults of a point are used up one per call, in order; when they are used up, steps pass. The lock guards the script and the list of those that hang;
/// no step runs under it.
/// </remarks>
public sealed class FaultScript
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, FaultPoint> _points = new(StringComparer.Ordinal);
    private readonly Dictionary<int, FaultKind> _byCall = [];
    private readonly List<string> _calls = [];
    private readonly List<HangingStep> _hanging = [];
    private readonly ChangeSignal _changed = new();
    private readonly Func<Exception>? _error;

    /// <summary>Creates a script that lets everything pass.</summary>
    /// <param name="error">Makes the injected failures; null for <see cref="InjectedFaultException"/>.</param>
    public FaultScript(Func<Exception>? error = null) => _error = error;

    /// <summary>Names of the steps that were begun, in order.</summary>
    public IReadOnlyList<string> Calls
    {
        get
        {
            lock (_gate)
            {
                return [.. _calls];
            }
        }
    }

    /// <summary>The script of one point; add to it with its methods.</summary>
    /// <param name="point">Name of the step.</param>
    public FaultPoint On(string point)
    {
        lock (_gate)
        {
            if (!_points.TryGetValue(point, out var script))
            {
                _points[point] = script = new FaultPoint(_gate);
            }

            return script;
        }
    }

    /// <summary>Places a fault at the n-th step of the whole run, whatever its name; it goes before the faults of the point.</summary>
    /// <param name="index">0 is the first step.</param>
    /// <param name="kind">The fault.</param>
    public FaultScript OnCall(int index, FaultKind kind)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        lock (_gate)
        {
            _byCall[index] = kind;
        }

        return this;
    }

    /// <summary>Runs a step.</summary>
    /// <typeparam name="T">Its result.</typeparam>
    /// <param name="point">Name of the step.</param>
    /// <param name="effect">What the step does.</param>
    /// <param name="cancellationToken">Ends a hang; handed to nobody else.</param>
    public async ValueTask<T> RunAsync<T>(string point, Func<ValueTask<T>> effect, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(effect);
        var fault = Next(point);
        await BeforeAsync(point, fault, cancellationToken).ConfigureAwait(false);
        var result = await effect().ConfigureAwait(false);
        await AfterAsync(point, fault, cancellationToken).ConfigureAwait(false);
        return result;
    }

    /// <summary>Runs a step without a result.</summary>
    /// <param name="point">Name of the step.</param>
    /// <param name="effect">What the step does.</param>
    /// <param name="cancellationToken">Ends a hang; handed to nobody else.</param>
    public async ValueTask RunAsync(string point, Func<ValueTask> effect, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(effect);
        var fault = Next(point);
        await BeforeAsync(point, fault, cancellationToken).ConfigureAwait(false);
        await effect().ConfigureAwait(false);
        await AfterAsync(point, fault, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Runs a synchronous step; a hang blocks the thread.</summary>
    /// <typeparam name="T">Its result.</typeparam>
    /// <param name="point">Name of the step.</param>
    /// <param name="effect">What the step does.</param>
    public T Run<T>(string point, Func<T> effect)
    {
        ArgumentNullException.ThrowIfNull(effect);
        var fault = Next(point);
        BeforeAsync(point, fault, CancellationToken.None).AsTask().GetAwaiter().GetResult();
        var result = effect();
        AfterAsync(point, fault, CancellationToken.None).AsTask().GetAwaiter().GetResult();
        return result;
    }

    /// <summary>Waits until a step hangs.</summary>
    /// <param name="point">Name of the step.</param>
    /// <param name="count">How many must hang at the same time.</param>
    /// <exception cref="WatchdogException">It did not happen within 30 s; the message lists the steps that were begun.</exception>
    public Task WhenHangingAsync(string point, int count = 1) =>
        _changed.UntilAsync(() => Hanging(point) >= count, $"{count} hanging at {point}", () => string.Join(", ", Calls.TakeLast(20)));

    /// <summary>Lets all steps go on that hang now.</summary>
    /// <param name="point">Only at this point; null for all.</param>
    /// <returns>How many there were.</returns>
    public int Release(string? point = null)
    {
        List<HangingStep> released;
        lock (_gate)
        {
            released = _hanging.FindAll(step => point is null || step.Point == point);
            _hanging.RemoveAll(released.Contains);
        }

        released.ForEach(static step => step.Release());
        return released.Count;
    }

    private int Hanging(string point)
    {
        lock (_gate)
        {
            return _hanging.Count(step => step.Point == point);
        }
    }

    private Fault Next(string point)
    {
        lock (_gate)
        {
            var index = _calls.Count;
            _calls.Add(point);
            return _byCall.Remove(index, out var kind) ? new Fault(kind, null)
                : _points.TryGetValue(point, out var script) ? script.Take()
                : Fault.None;
        }
    }

    private ValueTask BeforeAsync(string point, Fault fault, CancellationToken cancellationToken) => fault.Kind switch
    {
        FaultKind.FailBefore => throw Failure(point, fault),
        FaultKind.HangBefore => HangAsync(point, cancellationToken),
        FaultKind.KillBefore => KillAsync(),
        _ => ValueTask.CompletedTask,
    };

    private ValueTask AfterAsync(string point, Fault fault, CancellationToken cancellationToken) => fault.Kind switch
    {
        FaultKind.FailAfter => throw Failure(point, fault),
        FaultKind.HangAfter => HangAsync(point, cancellationToken),
        FaultKind.KillAfter => KillAsync(),
        _ => ValueTask.CompletedTask,
    };

    private Exception Failure(string point, Fault fault) =>
        fault.Error?.Invoke() ?? _error?.Invoke() ?? new InjectedFaultException($"Injected fault at {point} ({fault.Kind}).");

    private async ValueTask HangAsync(string point, CancellationToken cancellationToken)
    {
        var step = new HangingStep(point);
        lock (_gate)
        {
            _hanging.Add(step);
        }

        _changed.Pulse();
        try
        {
            await step.Released.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            lock (_gate)
            {
                _hanging.Remove(step);
            }
        }
    }

    /// <summary>Never ends: the signal is on its way.</summary>
    private static async ValueTask KillAsync()
    {
        Posix.Signal(Environment.ProcessId, Posix.SigKill);
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, CancellationToken.None).ConfigureAwait(false);
    }
}
