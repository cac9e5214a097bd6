namespace Resilience.Queues;

/// <summary>
/// Wakes one waiter: by a signal, or by the one timer that is armed while it waits. A signal between a look at the queue and the wait is not lost, because the
/// waiter names the version it has seen. Thread-safe; the lock guards the waiter and is not held while it is completed.
/// </summary>
internal sealed class WakeSignal : IDisposable
{
    // Timers beyond 49 days throw, and a clock that jumps is noticed at the next look.
    private static readonly TimeSpan LongestWait = TimeSpan.FromHours(1);

    private readonly Lock _gate = new();
    private readonly ITimer _timer;
    private int _version;
    private TaskCompletionSource? _waiter;

    public WakeSignal(TimeProvider time) =>
        _timer = time.CreateTimer(static state => ((WakeSignal)state!).Complete(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

    public int Version => Volatile.Read(ref _version);

    public void Set()
    {
        Interlocked.Increment(ref _version);
        Complete();
    }

    /// <summary>Waits for a signal after <paramref name="seen"/>, at most <paramref name="atMost"/>. May also return early. One waiter at a time.</summary>
    public async ValueTask WaitAsync(int seen, TimeSpan atMost, CancellationToken cancellationToken)
    {
        if (atMost <= TimeSpan.Zero)
        {
            return;
        }

        var waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Shared.Systematic.Interleave("wake.wait");
        lock (_gate)
        {
            if (_version != seen)
            {
                return;
            }

            _waiter = waiter;
        }

        Shared.Systematic.Interleave("wake.arm");

        // Rounded up to whole milliseconds: a timer that fires a little early would find nothing due.
        var due = TimeSpan.FromMilliseconds(Math.Ceiling(Math.Min(atMost.TotalMilliseconds, LongestWait.TotalMilliseconds)));
        _timer.Change(due, Timeout.InfiniteTimeSpan);
        using var registration = cancellationToken.UnsafeRegister(static state => ((WakeSignal)state!).Complete(), this);
        await waiter.Task.ConfigureAwait(Shared.Systematic.KeepContext);
        Shared.Systematic.Interleave("wake.disarm");
        _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public void Dispose() => _timer.Dispose();

    private void Complete()
    {
        TaskCompletionSource? waiter;
        lock (_gate)
        {
            waiter = _waiter;
            _waiter = null;
        }

        waiter?.TrySetResult();
    }
}
