using Resilience.TestKit.Time.Internal;

namespace Resilience.TestKit;

public sealed partial class ManualTimeProvider
{
    private readonly List<TimerWaiter> _waiters = [];
    private long _armings;

    /// <summary>Real time for what already runs on the thread pool, or waits for a server, to end before a drive gives its verdict.</summary>
    /// <value>30 s.</value>
    internal TimeSpan LastChance { get; init; } = Watchdog.Limit(Watchdog.DefaultExpected);

    /// <summary>Number of timers that are armed: created or changed with a due time, and neither fired for the last time nor disposed.</summary>
    public int ActiveTimers
    {
        get
        {
            lock (_gate)
            {
                return _armed.Count;
            }
        }
    }

    /// <summary>How often a timer was armed since the clock was created (a periodic timer counts once). Take it before an action, and wait for a higher one.</summary>
    public long Armings
    {
        get
        {
            lock (_gate)
            {
                return _armings;
            }
        }
    }

    /// <summary>Time until the next timer fires; null when none is armed.</summary>
    public TimeSpan? NextDueIn
    {
        get
        {
            lock (_gate)
            {
                return _armed.Min is { } next ? TimeSpan.FromTicks(Math.Max(0, next.Due - _elapsed)) : null;
            }
        }
    }

    /// <summary>Times until each armed timer fires, the next one first.</summary>
    public IReadOnlyList<TimeSpan> DueIn
    {
        get
        {
            lock (_gate)
            {
                return [.. _armed.Select(timer => TimeSpan.FromTicks(Math.Max(0, timer.Due - _elapsed)))];
            }
        }
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentOutOfRangeException">A time is negative and not infinite, or longer than 4,294,967,294 ms, as with the system's timers.</exception>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Completes when at least <paramref name="count"/> timers are armed.</summary>
    /// <param name="count">1 or more.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="WatchdogException">It did not happen within 30 s of real time.</exception>
    public Task WhenTimersAsync(int count = 1, CancellationToken cancellationToken = default) =>
        WhenAsync(() => _armed.Count >= count, $"{count} armed timers", cancellationToken);

    /// <summary>Completes when a timer is armed that is due in exactly <paramref name="dueIn"/> from the clock's present time.</summary>
    /// <param name="dueIn">The remaining time.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="WatchdogException">It did not happen within 30 s of real time.</exception>
    public Task WhenDueInAsync(TimeSpan dueIn, CancellationToken cancellationToken = default) =>
        WhenAsync(() => _armed.Any(timer => timer.Due - _elapsed == dueIn.Ticks), $"a timer due in {dueIn}", cancellationToken);

    /// <summary>Completes when timers have been armed <paramref name="armings"/> times in all; see <see cref="Armings"/>.</summary>
    /// <param name="armings">Usually the value of <see cref="Armings"/> before the action, plus one.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="WatchdogException">It did not happen within 30 s of real time.</exception>
    public Task WhenArmedAsync(long armings, CancellationToken cancellationToken = default) =>
        WhenAsync(() => _armings >= armings, $"{armings} armings", cancellationToken);

    /// <summary>Completes when no timer is armed: everything that kept time has stopped.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="WatchdogException">It did not happen within 30 s of real time.</exception>
    public Task WhenNoTimersAsync(CancellationToken cancellationToken = default) =>
        WhenAsync(() => _armed.Count == 0, "no armed timer", cancellationToken);

    /// <summary>
    /// Moves the clock from timer to timer until a task ends. Use it where the number of steps does not matter: real work between two timers takes no manual time,
    /// so a deadline that runs beside such work may be reached before the work is done.
    /// </summary>
    /// <param name="task">Ends the drive; its exception is passed on.</param>
    /// <param name="limit">How far the clock may move in all.</param>
    /// <exception cref="InvalidOperationException">The clock would have to move further than <paramref name="limit"/>.</exception>
    /// <exception cref="WatchdogException">The task neither ended nor armed a timer within 30 s of real time.</exception>
    public async Task DriveAsync(Task task, TimeSpan limit)
    {
        ArgumentNullException.ThrowIfNull(task);
        var end = Elapsed + limit;
        using var stop = new CancellationTokenSource();
        try
        {
            while (!task.IsCompleted)
            {
                if (NextDueIn is not { } step)
                {
                    await Task.WhenAny(task, WhenTimersAsync(1, stop.Token)).Unwrap().ConfigureAwait(false);
                }
                else if (Elapsed + step <= end)
                {
                    Advance(step);
                    await Task.Yield();
                }
                else if (await Task.WhenAny(task, Task.Delay(LastChance, System, stop.Token)).ConfigureAwait(false) != task)
                {
                    throw new InvalidOperationException($"The task did not end within {limit} of manual time; the next timer is due in {step}.");
                }
            }
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
        }

        await task.ConfigureAwait(false);
    }

    internal bool Change(ManualTimer timer, long? due, long period)
    {
        var fire = false;
        lock (_gate)
        {
            if (timer.Disposed)
            {
                return false;
            }

            _armed.Remove(timer);
            timer.Period = period;
            if (due is { } ticks)
            {
                timer.Due = _elapsed + ticks;
                timer.Sequence = ++_armings;
                _armed.Add(timer);
                if (ticks == 0)
                {
                    fire = true;
                    Rearm(timer);
                }
            }

            Signal();
        }

        if (fire)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static timer => timer.Fire(), timer, preferLocal: false);
        }

        return true;
    }

    internal void Remove(ManualTimer timer)
    {
        lock (_gate)
        {
            timer.Disposed = true;
            _armed.Remove(timer);
            Signal();
        }
    }

    /// <summary>Takes a timer that fires now out of the set, and puts a periodic one back for its next time. Needs the lock.</summary>
    private void Rearm(ManualTimer timer)
    {
        _armed.Remove(timer);
        if (timer.Period > 0)
        {
            timer.Due += timer.Period;
            _armed.Add(timer);
        }
    }

    private async Task WhenAsync(Func<bool> holds, string what, CancellationToken cancellationToken)
    {
        TimerWaiter waiter;
        lock (_gate)
        {
            if (holds())
            {
                return;
            }

            waiter = new TimerWaiter(holds);
            _waiters.Add(waiter);
        }

        try
        {
            await waiter.Task.WaitAsync(cancellationToken).Within(what: what, file: "").ConfigureAwait(false);
        }
        catch (WatchdogException e)
        {
            throw new WatchdogException($"{e.Message}. Armed timers are due in: [{string.Join(", ", DueIn)}]; {Armings} armings so far.", e);
        }
        finally
        {
            lock (_gate)
            {
                _waiters.Remove(waiter);
            }
        }
    }

    /// <summary>Completes the waiters whose condition holds. Needs the lock; the continuations run elsewhere.</summary>
    private void Signal()
    {
        foreach (var waiter in _waiters)
        {
            waiter.Check();
        }
    }
}
