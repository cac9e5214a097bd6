namespace Resilience.Sse;

/// <summary>The names of the last publications that had one, bounded by count; the oldest is forgotten. Not thread-safe: guarded by the hub's lock.</summary>
internal sealed class RecentIds(int capacity)
{
    private readonly Dictionary<(string Channel, string Id), long> _sequences = [];
    private readonly Queue<(string Channel, string Id)> _order = new();

    public bool TryGet(string channel, string id, out long sequence) => _sequences.TryGetValue((channel, id), out sequence);

    public void Add(string channel, string id, long sequence)
    {
        if (capacity == 0)
        {
            return;
        }

        if (_order.Count == capacity)
        {
            _sequences.Remove(_order.Dequeue());
        }

        _sequences.Add((channel, id), sequence);
        _order.Enqueue((channel, id));
    }
}
