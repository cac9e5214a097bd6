using Resilience.TestKit.Faults.Internal;

namespace Resilience.TestKit;

/// <summary>The faults of one named step, used up in order: <c>script.On("commit").Pass(2).FailAfter().HangBefore()</c>. Thread-safe.</summary>
public sealed class FaultPoint
{
    private readonly Lock _gate;
    private readonly Queue<Fault> _faults = new();

    internal FaultPoint(Lock gate) => _gate = gate;

    /// <summary>Lets calls pass.</summary>
    /// <param name="times">How many.</param>
    public FaultPoint Pass(int times = 1) => Add(FaultKind.Pass, times, null);

    /// <summary>Fails calls without effect.</summary>
    /// <param name="times">How many.</param>
    /// <param name="error">Makes the failure; null for the script's.</param>
    public FaultPoint FailBefore(int times = 1, Func<Exception>? error = null) => Add(FaultKind.FailBefore, times, error);

    /// <summary>Fails calls after their effect: the reply is lost.</summary>
    /// <param name="times">How many.</param>
    /// <param name="error">Makes the failure; null for the script's.</param>
    public FaultPoint FailAfter(int times = 1, Func<Exception>? error = null) => Add(FaultKind.FailAfter, times, error);

    /// <summary>Holds calls before their effect until <see cref="FaultScript.Release"/>.</summary>
    /// <param name="times">How many.</param>
    public FaultPoint HangBefore(int times = 1) => Add(FaultKind.HangBefore, times, null);

    /// <summary>Holds calls after their effect until <see cref="FaultScript.Release"/>.</summary>
    /// <param name="times">How many.</param>
    public FaultPoint HangAfter(int times = 1) => Add(FaultKind.HangAfter, times, null);

    /// <summary>Kills the process before the effect.</summary>
    public FaultPoint KillBefore() => Add(FaultKind.KillBefore, 1, null);

    /// <summary>Kills the process after the effect.</summary>
    public FaultPoint KillAfter() => Add(FaultKind.KillAfter, 1, null);

    /// <summary>The next fault. Needs the lock.</summary>
    internal Fault Take() => _faults.TryDequeue(out var fault) ? fault : Fault.None;

    private FaultPoint Add(FaultKind kind, int times, Func<Exception>? error)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(times);
        lock (_gate)
        {
            for (var i = 0; i < times; i++)
            {
                _faults.Enqueue(new Fault(kind, error));
            }
        }

        return this;
    }
}
