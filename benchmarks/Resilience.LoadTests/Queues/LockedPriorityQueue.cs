namespace Resilience.LoadTests.Queues;

/// <summary>What one would write by hand: no lease, no acknowledgement, no bound.</summary>
internal sealed class LockedPriorityQueue
{
    private readonly Lock _gate = new();
    private readonly PriorityQueue<object, long> _queue = new();
    private readonly object _item = new();

    public LockedPriorityQueue(int pending)
    {
        for (var i = 0; i < pending; i++)
        {
            _queue.Enqueue(_item, long.MaxValue - i);
        }
    }

    public void Add(long due)
    {
        lock (_gate)
        {
            _queue.Enqueue(_item, due);
        }
    }

    public object Take()
    {
        lock (_gate)
        {
            return _queue.Dequeue();
        }
    }
}
