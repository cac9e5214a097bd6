using Resilience.Shared;

namespace Resilience.Data;

/// <summary>Invalidations that still have to reach the shared level.</summary>
internal sealed partial class SharedLink
{
    private readonly Dictionary<string, long> _pendingKeys = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _pendingTags = new(StringComparer.Ordinal);
    private long _version;
    private long _bypassAllUntil = long.MinValue;
    private bool _flushing;
    private volatile bool _hasPending;

    public int PendingCount
    {
        get
        {
            lock (_lock)
            {
                return _pendingKeys.Count + _pendingTags.Count;
            }
        }
    }

    private bool HasPending => _hasPending;

    private bool IsBypassed(Flight flight)
    {
        if (time.GetTimestamp() < Volatile.Read(ref _bypassAllUntil))
        {
            return true;
        }

        if (!_hasPending)
        {
            return false;
        }

        lock (_lock)
        {
            return _pendingKeys.ContainsKey(flight.Key) || Array.Exists(flight.Tags, _pendingTags.ContainsKey);
        }
    }

    private void Keep(string[] keys, string[] tags)
    {
        bool start;
        var overflow = false;
        lock (_lock)
        {
            var before = _pendingKeys.Count + _pendingTags.Count;
            var version = ++_version;
            Array.ForEach(keys, key => _pendingKeys[key] = version);
            Array.ForEach(tags, tag => _pendingTags[tag] = version);
            if (_pendingKeys.Count + _pendingTags.Count > options.PendingLimit)
            {
                // Which entries are old is no longer known: none is touched until all of them have ended by themselves.
                _pendingKeys.Clear();
                _pendingTags.Clear();
                overflow = true;
            }

            metrics.Pending(_pendingKeys.Count + _pendingTags.Count - before);
            _hasPending = _pendingKeys.Count + _pendingTags.Count > 0;
            start = _hasPending && !_flushing;
            _flushing |= start;
        }

        if (overflow)
        {
            Volatile.Write(ref _bypassAllUntil, time.GetTimestamp() + (long)(options.Ttl.TotalSeconds * time.TimestampFrequency));
            DataLog.PendingOverflow(logger, options.PendingLimit);
        }

        if (start)
        {
            _ = Systematic.StartDetached(FlushAsync);
        }
    }

    private async Task FlushAsync()
    {
        try
        {
            while (GoesOn())
            {
                await Task.Delay(Limit, time, _stopped.Token).ConfigureAwait(Systematic.KeepContext);
                await FlushOnceAsync().ConfigureAwait(Systematic.KeepContext);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException)
        {
            // The cache was disposed. What is still pending ends with the lives of the entries.
        }
    }

    /// <summary>In one step with the decision to end: what is kept afterwards starts a new loop.</summary>
    private bool GoesOn()
    {
        lock (_lock)
        {
            return _flushing = _hasPending;
        }
    }

    private async Task FlushOnceAsync()
    {
        KeyValuePair<string, long>[] keys;
        KeyValuePair<string, long>[] tags;
        lock (_lock)
        {
            keys = [.. _pendingKeys];
            tags = [.. _pendingTags];
        }

        var sent = await TryAsync(
            static async (store, m, token) =>
            {
                await store.InvalidateAsync([.. m.keys.Select(static p => p.Key)], [.. m.tags.Select(static p => p.Key)], null, token).ConfigureAwait(Systematic.KeepContext);
                return true;
            },
            (keys, tags),
            _stopped.Token).ConfigureAwait(Systematic.KeepContext);
        if (!sent)
        {
            return;
        }

        lock (_lock)
        {
            var before = _pendingKeys.Count + _pendingTags.Count;
            Forget(_pendingKeys, keys);
            Forget(_pendingTags, tags);
            metrics.Pending(_pendingKeys.Count + _pendingTags.Count - before);
            _hasPending = _pendingKeys.Count + _pendingTags.Count > 0;
        }

        Up();
    }

    /// <summary>What was invalidated again while it was being sent stays.</summary>
    private static void Forget(Dictionary<string, long> pending, KeyValuePair<string, long>[] sent)
    {
        foreach (var (name, version) in sent)
        {
            if (pending.TryGetValue(name, out var now) && now == version)
            {
                pending.Remove(name);
            }
        }
    }
}
