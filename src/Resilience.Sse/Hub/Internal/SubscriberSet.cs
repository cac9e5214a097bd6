namespace Resilience.Sse;

/// <summary>
/// The subscribers of a channel in chunks, removed by moving the last one into the hole. Not thread-safe: guarded by the channel's lock. Whoever walks it without
/// holding the lock throughout must walk from the last chunk to the first: a subscriber that is moved meanwhile moves towards the front and is met again, never missed.
/// </summary>
internal sealed class SubscriberSet
{
    public const int ChunkSize = 64;

    private Subscription?[][] _chunks = [];

    public int Count { get; private set; }

    public int ChunkCount => (Count + ChunkSize - 1) / ChunkSize;

    public void Add(Subscription subscription)
    {
        var chunk = Count / ChunkSize;
        var slot = Count % ChunkSize;
        if (chunk == _chunks.Length)
        {
            Array.Resize(ref _chunks, Math.Max(1, chunk * 2));
        }

        var items = _chunks[chunk];
        if (items is null)
        {
            // The first chunk grows from one, because most channels of an application have one subscriber: a user's own channel.
            _chunks[chunk] = items = new Subscription?[chunk == 0 ? 1 : ChunkSize];
        }
        else if (slot == items.Length)
        {
            Array.Resize(ref items, items.Length * 2);
            _chunks[chunk] = items;
        }

        items[slot] = subscription;
        subscription.Index = Count++;
    }

    public bool Remove(Subscription subscription)
    {
        var index = subscription.Index;
        if (index < 0)
        {
            return false;
        }

        var last = --Count;
        ref var hole = ref _chunks[index / ChunkSize][index % ChunkSize];
        ref var end = ref _chunks[last / ChunkSize][last % ChunkSize];
        hole = end;
        hole!.Index = index;
        end = null;
        subscription.Index = -1;
        if (last % ChunkSize == 0 && last > 0)
        {
            _chunks[last / ChunkSize] = null!;
        }

        return true;
    }

    /// <summary>Copies one chunk; returns how many subscribers it has.</summary>
    public int CopyChunk(int chunk, Span<Subscription?> destination)
    {
        var count = Math.Min(ChunkSize, Count - (chunk * ChunkSize));
        if (count <= 0)
        {
            return 0;
        }

        _chunks[chunk].AsSpan(0, count).CopyTo(destination);
        return count;
    }
}
