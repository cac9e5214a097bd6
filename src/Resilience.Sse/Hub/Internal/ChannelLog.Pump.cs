namespace Resilience.Sse;

/// <summary>Wakes the channel's readers on the thread pool, never on the publisher's thread; publications that come meanwhile are covered by the same round.</summary>
internal sealed partial class ChannelLog : IThreadPoolWorkItem
{
    /// <summary>How many chunks are woken side by side. Half the processors: the other half sends what is written.</summary>
    private static readonly int Parallelism = Math.Max(1, Environment.ProcessorCount / 2);

    private int _pumping;

    public int SubscriberCount
    {
        get
        {
            lock (_gate)
            {
                return _subscribers.Count;
            }
        }
    }

    /// <summary>Called by the hub under its lock, so that a channel with a subscriber is never forgotten.</summary>
    public void Add(Subscription subscription)
    {
        lock (_gate)
        {
            _subscribers.Add(subscription);
        }
    }

    /// <summary>Takes a subscriber out. False when it was not in.</summary>
    public bool Remove(Subscription subscription)
    {
        lock (_gate)
        {
            return _subscribers.Remove(subscription);
        }
    }

    /// <summary>Starts a round unless one is about to start. Called after the frame was appended.</summary>
    public void Pump()
    {
        if (Interlocked.Exchange(ref _pumping, 1) == 0)
        {
            Systematic.Queue(this);
        }
    }

    void IThreadPoolWorkItem.Execute()
    {
        // Cleared before the first look: what is published from here on starts another round.
        Interlocked.Exchange(ref _pumping, 0);
        Systematic.Interleave("sse.pump.started");
        int chunk;
        lock (_gate)
        {
            chunk = _subscribers.ChunkCount - 1;
        }

        for (; chunk >= 0; chunk--)
        {
            var batch = hub.Batches.Rent();
            Systematic.Interleave("sse.pump.chunk");
            lock (_gate)
            {
                batch.Count = _subscribers.CopyChunk(chunk, batch.Items);
            }

            if (chunk % Parallelism == 0)
            {
                batch.WakeAll();
            }
            else
            {
                Systematic.Queue(batch);
            }
        }
    }
}
