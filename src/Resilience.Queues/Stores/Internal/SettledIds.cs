namespace Resilience.Queues;

/// <summary>Ids of messages that left a queue, for a time and up to a number. Not thread-safe: the store's lock guards it.</summary>
internal sealed class SettledIds(long retention, int capacity)
{
    private readonly Dictionary<string, long> _until = new(StringComparer.Ordinal);
    private readonly Queue<(string Id, long Until)> _order = new();

    public bool Contains(string id, long now) => _until.TryGetValue(id, out var until) && until > now;

    public void Add(string id, long now)
    {
        if (retention == 0 || capacity == 0)
        {
            return;
        }

        var until = now + retention;
        _until[id] = until;
        _order.Enqueue((id, until));
        while (_order.TryPeek(out var oldest) && (oldest.Until <= now || _until.Count > capacity))
        {
            _order.Dequeue();

            // A newer settlement of the same id has its own place in the order.
            if (_until.TryGetValue(oldest.Id, out var current) && current == oldest.Until)
            {
                _until.Remove(oldest.Id);
            }
        }
    }
}
