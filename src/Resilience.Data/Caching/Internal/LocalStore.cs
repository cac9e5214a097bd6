using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace Resilience.Data;

/// <summary>
/// The entries of this node, bounded: beyond the bound the oldest goes that was not used since it was last looked at. Thread-safe; reading takes no lock.
/// </summary>
internal sealed class LocalStore(int limit)
{
    private readonly ConcurrentDictionary<string, LocalEntry> _entries = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<LocalEntry> _order = new();
    private int _count;

    public int Count => Volatile.Read(ref _count);

    public bool TryGet(string key, [NotNullWhen(true)] out LocalEntry? entry) => _entries.TryGetValue(key, out entry);

    public bool TryGet(ReadOnlySpan<char> key, [NotNullWhen(true)] out LocalEntry? entry) =>
        _entries.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(key, out entry);

    public void Set(LocalEntry entry)
    {
        while (true)
        {
            if (_entries.TryAdd(entry.Key, entry))
            {
                Interlocked.Increment(ref _count);
                break;
            }

            if (_entries.TryGetValue(entry.Key, out var before) && _entries.TryUpdate(entry.Key, entry, before))
            {
                break;
            }
        }

        _order.Enqueue(entry);
        Trim();
    }

    public void Remove(string key)
    {
        if (_entries.TryRemove(key, out _))
        {
            Interlocked.Decrement(ref _count);
        }
    }

    public void Remove(LocalEntry entry)
    {
        if (_entries.TryRemove(KeyValuePair.Create(entry.Key, entry)))
        {
            Interlocked.Decrement(ref _count);
        }
    }

    public void Clear()
    {
        foreach (var entry in _entries.Values)
        {
            Remove(entry);
        }
    }

    private void Trim()
    {
        // The queue also holds entries that were replaced or removed; it is kept within twice the bound. Each round takes one entry off or clears its mark.
        for (var rounds = 0; rounds < 64 && (Count > limit || _order.Count > 2 * limit) && _order.TryDequeue(out var oldest); rounds++)
        {
            if (!_entries.TryGetValue(oldest.Key, out var current) || !ReferenceEquals(current, oldest))
            {
                continue;
            }

            if (rounds < 32 && oldest.TakeUse())
            {
                _order.Enqueue(oldest);
            }
            else
            {
                Remove(oldest);
            }
        }
    }
}
