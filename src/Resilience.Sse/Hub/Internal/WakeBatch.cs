namespace Resilience.Sse;

/// <summary>A chunk of subscribers that one thread wakes one after the other: one hop through the thread pool for up to 64 connections.</summary>
internal sealed class WakeBatch(WakeBatchPool pool) : IThreadPoolWorkItem
{
    private readonly Subscription?[] _items = new Subscription?[SubscriberSet.ChunkSize];

    public Span<Subscription?> Items => _items;

    public int Count { get; set; }

    public void WakeAll()
    {
        var all = _items.AsSpan(0, Count);
        Prefetch(all);
        foreach (var item in all)
        {
            item!.Cursor.WakeInline();
        }

        all.Clear();
        Count = 0;
        pool.Return(this);
    }

    void IThreadPoolWorkItem.Execute() => WakeAll();

    /// <summary>
    /// Looks at each once. Among many connections none is in the processor's cache, and what is fetched for one is independent of what is fetched for the next: the
    /// processor waits for all of them at once, where waking them would wait for each in turn.
    /// </summary>
    private static void Prefetch(ReadOnlySpan<Subscription?> items)
    {
        foreach (var item in items)
        {
            item!.Cursor.Prefetch();
        }
    }
}

/// <summary>Keeps a few batches. Thread-safe; the lock guards the stack only.</summary>
internal sealed class WakeBatchPool
{
    private const int Retained = 256;

    private readonly Lock _gate = new();
    private readonly Stack<WakeBatch> _free = new();

    public WakeBatch Rent()
    {
        lock (_gate)
        {
            if (_free.TryPop(out var batch))
            {
                return batch;
            }
        }

        return new WakeBatch(this);
    }

    public void Return(WakeBatch batch)
    {
        lock (_gate)
        {
            if (_free.Count < Retained)
            {
                _free.Push(batch);
            }
        }
    }
}
