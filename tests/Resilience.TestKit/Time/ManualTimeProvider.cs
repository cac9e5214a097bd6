using Resilience.TestKit.Time.Internal;

namespace Resilience.TestKit;

/// <summary>
/// A clock that stands still until the test moves it. Timers fire on the thread that calls <see cref="Advance"/>, in the order of their due times (equal times:
/// in the order in which they were armed), and each callback sees the time at which it was due.
/// </summary>
/// <remarks>
/// <para>Works with everything that takes a <see cref="TimeProvider"/>: <c>Task.Delay</c>, <c>CancellationTokenSource</c>, <c>PeriodicTimer</c>, <c>WaitAsync</c>.</para>
/// <para>Timers that are armed by a callback and are due within the same advance fire in it. A continuation that runs on another thread may arm its timer too late
/// for that; wait for it with <see cref="WhenTimersAsync"/>, <see cref="WhenDueInAsync"/> or <see cref="WhenArmedAsync"/> before the next advance.</para>
/// <para>A timer that is due at once (due time zero) fires on the thread pool without any advance, as the system's timers do.</para>
/// <para>Thread-safe. Concurrent advances, and advances made by a callback, add up. The lock guards the clock, the set of timers and the waiters; no callback runs under it.</para>
/// </remarks>
public sealed partial class ManualTimeProvider : TimeProvider
{
    // Not zero, as on a real machine: code that takes zero for "never" must fail here too.
    private const long FirstTimestamp = TimeSpan.TicksPerDay;

    private readonly Lock _gate = new();
    private readonly SortedSet<ManualTimer> _armed = new(ManualTimer.DueOrder);
    private readonly DateTimeOffset _start;
    private long _elapsed;
    private long _horizon;
    private long _wallClockOffset;

    /// <summary>Creates a clock that shows 2030-01-01 00:00:00 UTC.</summary>
    public ManualTimeProvider()
        : this(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero))
    {
    }

    /// <summary>Creates a clock.</summary>
    /// <param name="start">The wall-clock time it shows first.</param>
    public ManualTimeProvider(DateTimeOffset start) => _start = start;

    /// <summary>UTC: no test depends on the machine's zone.</summary>
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <inheritdoc/>
    /// <value>10,000,000: a timestamp counts ticks of 100 ns.</value>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>Time that has passed since the clock was created; unaffected by <see cref="ShiftWallClock"/>.</summary>
    public TimeSpan Elapsed
    {
        get
        {
            lock (_gate)
            {
                return TimeSpan.FromTicks(_elapsed);
            }
        }
    }

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow()
    {
        lock (_gate)
        {
            return _start.AddTicks(_elapsed + _wallClockOffset);
        }
    }

    /// <inheritdoc/>
    public override long GetTimestamp()
    {
        lock (_gate)
        {
            return FirstTimestamp + _elapsed;
        }
    }

    /// <summary>Moves the clock and fires every timer that becomes due, each at its time.</summary>
    /// <param name="time">Zero or more.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="time"/> is negative.</exception>
    /// <exception cref="AggregateException">Callbacks threw. The clock has moved all the way and the other timers have fired.</exception>
    public void Advance(TimeSpan time)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(time, TimeSpan.Zero);
        long target;
        lock (_gate)
        {
            // Additive: the horizon is the sum of all advances that have been asked for.
            _horizon = Math.Max(_horizon, _elapsed) + time.Ticks;
            target = _horizon;
        }

        List<Exception>? errors = null;
        while (TakeDue(target) is { } timer)
        {
            try
            {
                timer.Fire();
            }
#pragma warning disable CA1031 // Every due timer must fire, whatever one of them throws; the errors are thrown at the end.
            catch (Exception e)
#pragma warning restore CA1031
            {
                (errors ??= []).Add(e);
            }
        }

        if (errors is not null)
        {
            throw new AggregateException("Timer callbacks threw.", errors);
        }
    }

    /// <summary>Moves the clock to the next timer and fires what is due then.</summary>
    /// <returns>How far the clock moved.</returns>
    /// <exception cref="InvalidOperationException">No timer is armed.</exception>
    public TimeSpan AdvanceToNextTimer()
    {
        var step = NextDueIn ?? throw new InvalidOperationException("No timer is armed; wait for one with WhenTimersAsync.");
        Advance(step);
        return step;
    }

    /// <summary>Moves only the wall clock, as an operator or NTP does: <see cref="GetUtcNow"/> jumps, timers and timestamps do not.</summary>
    /// <param name="shift">Positive or negative.</param>
    public void ShiftWallClock(TimeSpan shift)
    {
        lock (_gate)
        {
            _wallClockOffset += shift.Ticks;
        }
    }

    /// <summary>The next timer that is due up to the target, already taken out or set to its next period; null moves the clock to the target.</summary>
    private ManualTimer? TakeDue(long target)
    {
        lock (_gate)
        {
            if (_armed.Min is { } next && next.Due <= target)
            {
                _elapsed = Math.Max(_elapsed, next.Due);
                Rearm(next);
                return next;
            }

            _elapsed = Math.Max(_elapsed, target);
            Signal();
            return null;
        }
    }
}
