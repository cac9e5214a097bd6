using System.Collections.Concurrent;

namespace Resilience.Data;

/// <summary>
/// When keys and tags were last invalidated on this node, on a counter that only grows. A load that began before that must not be stored. Thread-safe. Bounded:
/// beyond the bound everything older is void (a new epoch), and the table starts again.
/// </summary>
internal sealed class LocalFences(int limit)
{
    private readonly ConcurrentDictionary<string, long> _keys = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, long> _tags = new(StringComparer.Ordinal);
    private long _clock;
    private long _epoch;
    private int _count;

    public long Epoch => Volatile.Read(ref _epoch);

    /// <summary>The moment at which a load begins.</summary>
    public LoadMoment Now() => new(Volatile.Read(ref _epoch), Interlocked.Increment(ref _clock));

    public void InvalidateKey(string key) => Move(_keys, key);

    public void InvalidateTag(string tag) => Move(_tags, tag);

    public void InvalidateAll()
    {
        // Twice: what is written between the two is lost with the table, so a load that began between them is void as well.
        Interlocked.Increment(ref _epoch);
        _keys.Clear();
        _tags.Clear();
        Volatile.Write(ref _count, 0);
        Interlocked.Increment(ref _epoch);
    }

    public bool IsVoid(LoadMoment began, string key, string[] tags) =>
        AreTagsVoid(began, tags) || (_keys.TryGetValue(key, out var moved) && moved > began.Clock);

    public bool AreTagsVoid(LoadMoment began, string[] tags)
    {
        if (began.Epoch != Epoch)
        {
            return true;
        }

        foreach (var tag in tags)
        {
            if (_tags.TryGetValue(tag, out var moved) && moved > began.Clock)
            {
                return true;
            }
        }

        return false;
    }

    private void Move(ConcurrentDictionary<string, long> table, string name)
    {
        var now = Interlocked.Increment(ref _clock);
        table.AddOrUpdate(
            name,
            static (_, state) =>
            {
                Interlocked.Increment(ref state.Owner._count);
                return state.Now;
            },
            static (_, before, state) => Math.Max(before, state.Now),
            (Owner: this, Now: now));
        if (Volatile.Read(ref _count) > limit)
        {
            InvalidateAll();
        }
    }
}

/// <summary>When a load began.</summary>
internal readonly record struct LoadMoment(long Epoch, long Clock);
