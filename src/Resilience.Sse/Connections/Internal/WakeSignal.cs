using System.Threading.Tasks.Sources;

namespace Resilience.Sse;

/// <summary>
/// An auto-reset signal for one waiter, without allocation. Thread-safe. A wake-up that comes while nobody waits is kept; several are one. The waiter looks at
/// everything again after each wait, so a wake-up carries no data. A connection is one itself, which makes it smaller.
/// </summary>
internal class WakeSignal : IValueTaskSource<bool>, IThreadPoolWorkItem
{
    private const int Idle = 0;
    private const int Parked = 1;
    private const int Set = 2;

    private ManualResetValueTaskSourceCore<bool> _core;
    private int _state;

    /// <summary>Completes at the next wake-up, or at once when one is kept; always true. Never called before the last wait has completed.</summary>
    public ValueTask<bool> WaitAsync()
    {
        _core.Reset();
        Systematic.Interleave("sse.signal.parking");
        if (Interlocked.CompareExchange(ref _state, Parked, Idle) == Idle)
        {
            return new ValueTask<bool>(this, _core.Version);
        }

        Interlocked.Exchange(ref _state, Idle);
        return new ValueTask<bool>(true);
    }

    /// <summary>Wakes the waiter and continues it on the caller's thread: for the pump, whose thread is made for it.</summary>
    public void WakeInline()
    {
        if (Release())
        {
            _core.SetResult(true);
        }
    }

    /// <summary>Wakes the waiter on the thread pool: for everybody else.</summary>
    public void Wake()
    {
        if (Release())
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    void IThreadPoolWorkItem.Execute() => _core.SetResult(true);

    bool IValueTaskSource<bool>.GetResult(short token) => _core.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<bool>.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource<bool>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    private bool Release()
    {
        while (true)
        {
            var seen = Volatile.Read(ref _state);
            Systematic.Interleave("sse.signal.waking");
            switch (seen)
            {
                case Parked:
                    if (Interlocked.CompareExchange(ref _state, Idle, Parked) == Parked)
                    {
                        return true;
                    }

                    break;
                case Idle:
                    if (Interlocked.CompareExchange(ref _state, Set, Idle) == Idle)
                    {
                        return false;
                    }

                    break;
                default:
                    return false;
            }
        }
    }
}
