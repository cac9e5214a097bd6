namespace Resilience.TestKit.Time.Internal;

/// <summary>A timer of the manual clock. Its fields are guarded by the clock's lock; the callback runs in the execution context of the creator, as with the system's timers.</summary>
internal sealed class ManualTimer(ManualTimeProvider clock, TimerCallback callback, object? state) : ITimer
{
    private const long LongestMilliseconds = 4_294_967_294;
    private readonly ExecutionContext? _context = ExecutionContext.Capture();

    public static IComparer<ManualTimer> DueOrder { get; } =
        Comparer<ManualTimer>.Create(static (a, b) => a.Due != b.Due ? a.Due.CompareTo(b.Due) : a.Sequence.CompareTo(b.Sequence));

    public long Due { get; set; }

    public long Period { get; set; }

    /// <summary>The number of the arming: unique, and the order of timers that are due at the same time.</summary>
    public long Sequence { get; set; }

    public bool Disposed { get; set; }

    public bool Change(TimeSpan dueTime, TimeSpan period)
    {
        var due = Ticks(dueTime, nameof(dueTime));
        return clock.Change(this, due, Ticks(period, nameof(period)) ?? 0);
    }

    public void Dispose() => clock.Remove(this);

    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

    public void Fire()
    {
        if (_context is null)
        {
            callback(state);
            return;
        }

        ExecutionContext.Run(_context, static timer => ((ManualTimer)timer!).Call(), this);
    }

    private static long? Ticks(TimeSpan time, string name)
    {
        var milliseconds = (long)time.TotalMilliseconds;
        ArgumentOutOfRangeException.ThrowIfLessThan(milliseconds, -1, name);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(milliseconds, LongestMilliseconds, name);
        return milliseconds == -1 ? null : Math.Max(0, time.Ticks);
    }

    private void Call() => callback(state);
}
