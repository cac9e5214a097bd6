namespace Resilience.Sse;

internal sealed partial class SseNode
{
    private TaskCompletionSource? _empty;

    /// <summary>Completes when no connection holds a slot. For the drain: one waiter, and no new connections are admitted.</summary>
    public Task WhenEmpty()
    {
        // Under the explorer its continuations are tasks of the schedule; otherwise whoever frees must not run the drain.
        var empty = new TaskCompletionSource(Systematic.Enabled ? TaskCreationOptions.None : TaskCreationOptions.RunContinuationsAsynchronously);
        Volatile.Write(ref _empty, empty);
        Interlocked.MemoryBarrier();
        Systematic.Interleave("sse.drain.waiting");
        if (Limiter.Count == 0)
        {
            empty.TrySetResult();
        }

        return empty.Task;
    }

    private void SignalIfEmpty()
    {
        Interlocked.MemoryBarrier();
        if (Limiter.Count == 0)
        {
            Volatile.Read(ref _empty)?.TrySetResult();
        }
    }
}
