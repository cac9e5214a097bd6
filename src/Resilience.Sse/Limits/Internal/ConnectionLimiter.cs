namespace Resilience.Sse;

/// <summary>
/// Counts connections in all, per key and per address. Thread-safe; one lock guards all three counts, so that a parallel burst admits exactly as many as are allowed.
/// A key without connections takes no memory.
/// </summary>
internal sealed class ConnectionLimiter(int total, int perKey, int? perAddress)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, (string Key, int Count)> _keys = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (string Key, int Count)> _addresses = new(StringComparer.Ordinal);
    private int _count;

    public int Count => Volatile.Read(ref _count);

    public int Keys
    {
        get
        {
            lock (_gate)
            {
                return _keys.Count + _addresses.Count;
            }
        }
    }

    /// <summary>Takes a slot; null, or which limit refused. Connections of one key share one string of it.</summary>
    public string? TryTake(ref string key, string address)
    {
        lock (_gate)
        {
            if (_count >= total)
            {
                return RejectReasons.Total;
            }

            var (shared, count) = _keys.GetValueOrDefault(key, (key, 0));
            if (count >= perKey)
            {
                return RejectReasons.Key;
            }

            if (perAddress is { } limit && _addresses.GetValueOrDefault(address).Count >= limit)
            {
                return RejectReasons.Address;
            }

            _count++;
            key = shared;
            Change(_keys, key, 1);
            if (perAddress is not null)
            {
                Change(_addresses, address, 1);
            }

            return null;
        }
    }

    /// <summary>Gives a slot back; the connection calls it once.</summary>
    public void Release(string key, string address)
    {
        lock (_gate)
        {
            _count--;
            Change(_keys, key, -1);
            if (perAddress is not null)
            {
                Change(_addresses, address, -1);
            }

            Systematic.Assert(_count >= 0, "a slot is released once");
        }
    }

    private static void Change(Dictionary<string, (string Key, int Count)> counts, string key, int by)
    {
        var (shared, before) = counts.GetValueOrDefault(key, (key, 0));
        var count = before + by;
        if (count == 0)
        {
            counts.Remove(key);
        }
        else
        {
            counts[key] = (shared, count);
        }
    }
}
