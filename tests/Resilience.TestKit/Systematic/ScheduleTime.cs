using Resilience.TestKit.Systematic.Internal;

namespace Resilience.TestKit.Systematic;

/// <summary>
/// The clock of one schedule. It stands still while anything can run; when nothing can, it jumps to the earliest timer, which then is a strand like any other.
/// With <see cref="ScheduleExplorer.EagerTimers"/> it may also jump earlier, as if every running thread were slow. For use inside a schedule only.
/// </summary>
public sealed class ScheduleTime : TimeProvider
{
    private static readonly DateTimeOffset Start = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly Engine _engine;
    private readonly List<ScheduleTimer> _pending = [];
    private long _now;
    private long _sequence;

    internal ScheduleTime(Engine engine) => _engine = engine;

    /// <inheritdoc />
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <inheritdoc />
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <summary>Time since the schedule began.</summary>
    public TimeSpan Elapsed => TimeSpan.FromTicks(_now);

    internal int Pending => _pending.Count;

    /// <inheritdoc />
    public override long GetTimestamp() => _now;

    /// <inheritdoc />
    public override DateTimeOffset GetUtcNow() => Start + Elapsed;

    /// <inheritdoc />
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        var timer = new ScheduleTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    internal void Schedule(ScheduleTimer timer, TimeSpan dueTime)
    {
        Remove(timer);
        timer.Due = _now + Math.Max(0, dueTime.Ticks);
        timer.Order = _sequence++;
        if (dueTime <= TimeSpan.Zero)
        {
            // Due at once needs no jump of the clock: it is ready now, as with the system's timers.
            timer.Fire(_engine);
            return;
        }

        _pending.Add(timer);
    }

    internal void Remove(ScheduleTimer timer) => _pending.Remove(timer);

    /// <summary>Jumps to the earliest timer and makes its callback ready.</summary>
    internal void FireNext()
    {
        var next = _pending[0];
        foreach (var timer in _pending)
        {
            if (timer.Due < next.Due || (timer.Due == next.Due && timer.Order < next.Order))
            {
                next = timer;
            }
        }

        _pending.Remove(next);
        _now = Math.Max(_now, next.Due);
        next.Fire(_engine);
    }
}
