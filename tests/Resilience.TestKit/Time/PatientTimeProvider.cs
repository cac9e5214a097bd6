namespace Resilience.TestKit;

/// <summary>
/// The system's clock, whose timers of one second to one minute come ten times later. For code that gives up on a server after a fixed limit, in tests in which the server is
/// well: whatever stands still for some seconds, no operation comes to its limit.
/// </summary>
/// <remarks>Thread-safe. Timestamps and the time of day are the system's own; timers that repeat keep their period.</remarks>
public sealed class PatientTimeProvider : TimeProvider
{
    private const int Factor = 10;
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        base.CreateTimer(callback, state, dueTime >= Shortest && dueTime <= Longest ? dueTime * Factor : dueTime, period);
}
