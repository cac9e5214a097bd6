using System.Collections.Concurrent;

namespace Resilience.Queues;

/// <summary>
/// Streams that are known by the beginning of their key. One joins with its first append and leaves when its key is gone, so their number is not known at start: it is
/// bounded. Figures and alerts are those of the family, for a stream's own key is no metric's tag. Thread-safe; there is no lock.
/// </summary>
internal sealed class StreamFamily(string prefix, StreamRetention retention, int capacity)
{
    private readonly ConcurrentDictionary<string, TrackedStream> _members = new(StringComparer.Ordinal);
    private int _count;

    public string Prefix { get; } = prefix;

    /// <summary>The name in metrics, alerts and logs.</summary>
    public string Name { get; } = prefix + "*";

    public StreamRetention Retention { get; } = retention;

    public ICollection<TrackedStream> Members => _members.Values;

    public bool TryGet(string key, out TrackedStream? stream) => _members.TryGetValue(key, out stream);

    /// <summary>The stream, which joins if there is room; null when there is none.</summary>
    public TrackedStream? Join(string key, Func<StreamFamily, string, TrackedStream> create)
    {
        if (_members.TryGetValue(key, out var known))
        {
            return known;
        }

        // The place is taken before the stream comes in, so that many who come at once stay within the bound.
        if (Interlocked.Increment(ref _count) > capacity)
        {
            Interlocked.Decrement(ref _count);
            return null;
        }

        var stream = create(this, key);
        var joined = _members.GetOrAdd(key, stream);
        if (!ReferenceEquals(joined, stream))
        {
            Interlocked.Decrement(ref _count);
        }

        return joined;
    }

    public void Leave(TrackedStream stream)
    {
        if (_members.TryRemove(new(stream.Key, stream)))
        {
            Interlocked.Decrement(ref _count);
        }
    }
}
