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

    private Action<object?>? _continuation;
    private object? _continuationState;
    private int _state;

    /// <summary>Completes at the next wake-up, or at once when one is kept; always true. Never called before the last wait has completed.</summary>
    public ValueTask<bool> WaitAsync()
    {
        if (TryTake())
        {
            return new ValueTask<bool>(true);
        }

        Systematic.Interleave("sse.signal.parking");
        return new ValueTask<bool>(this, 0);
    }

    /// <summary>Wakes the waiter and continues it on the caller's thread: for the pump, whose thread is made for it.</summary>
    public void WakeInline()
    {
        if (Release())
        {
            OnReleased();
        }
    }

    /// <summary>Wakes the waiter on the thread pool: for everybody else.</summary>
    public void Wake()
    {
        if (Release())
        {
            Systematic.Queue(this);
        }
    }

    /// <summary>Brings what a wake-up needs into the processor's cache: reads, and changes nothing.</summary>
    public virtual bool Prefetch() => Volatile.Read(ref _state) == Parked;

    void IThreadPoolWorkItem.Execute() => Continue();

    // Whoever waits looks at everything afterwards, so a wake-up that came since is covered too.
    bool IValueTaskSource<bool>.GetResult(short token)
    {
        TryTake();
        return true;
    }

    ValueTaskSourceStatus IValueTaskSource<bool>.GetStatus(short token) =>
        Volatile.Read(ref _state) == Set ? ValueTaskSourceStatus.Succeeded : ValueTaskSourceStatus.Pending;

    void IValueTaskSource<bool>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
    {
        // Written before the waiter is parked, read by the one who releases it.
        var inContext = InContext.IsNeeded(flags);
        (_continuation, _continuationState) = inContext ? (InContext.Continuation, new InContext(continuation, state, flags)) : (continuation, state);
        if (Interlocked.CompareExchange(ref _state, Parked, Idle) == Idle)
        {
            return;
        }

        // Woken meanwhile. The caller is still suspending itself: it is continued elsewhere.
        Interlocked.Exchange(ref _state, Idle);
        if (inContext)
        {
            Continue();
        }
        else
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    /// <summary>The caller has released the waiter and is the only one who may act for it, until it continues it or parks it again.</summary>
    protected virtual void OnReleased() => Continue();

    protected void Continue() => _continuation!(_continuationState);

    /// <summary>Leaves a released waiter waiting. False when a wake-up has come since: the caller still has it.</summary>
    protected bool TryPark() => Interlocked.CompareExchange(ref _state, Parked, Idle) == Idle;

    /// <summary>Takes a wake-up that was kept.</summary>
    protected bool TryTake() => Volatile.Read(ref _state) == Set && Interlocked.CompareExchange(ref _state, Idle, Set) == Set;

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

    /// <summary>A continuation that belongs to a context, which is the case under the schedule explorer: kept apart, so that no connection has room for it.</summary>
    private sealed class InContext
    {
        public static readonly Action<object?> Continuation = static state => ((InContext)state!)._core.SetResult(true);

        private ManualResetValueTaskSourceCore<bool> _core;

        public static bool IsNeeded(ValueTaskSourceOnCompletedFlags flags) =>
            (flags & ValueTaskSourceOnCompletedFlags.FlowExecutionContext) != 0
            || ((flags & ValueTaskSourceOnCompletedFlags.UseSchedulingContext) != 0 && (SynchronizationContext.Current is not null || TaskScheduler.Current != TaskScheduler.Default));

        public InContext(Action<object?> continuation, object? state, ValueTaskSourceOnCompletedFlags flags) =>
            _core.OnCompleted(continuation, state, _core.Version, flags);
    }
}
