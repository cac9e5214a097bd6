namespace Messaging.Presence;

/// <summary>
/// Who is online in which channel, as it was announced: one who has gone for less than the lane's delay is still in it. It changes before the announcement is published,
/// so whoever opens a stream first and reads this afterwards misses nothing. Thread-safe; the lock guards the sets.
/// </summary>
internal sealed class PresenceRoster
{
    private readonly Lock _lock = new();
    private readonly Dictionary<long, SortedSet<long>> _online = [];

    internal void Set(PresenceKey key, bool online)
    {
        lock (_lock)
        {
            if (online)
            {
                if (!_online.TryGetValue(key.ChannelId, out var users))
                {
                    _online[key.ChannelId] = users = [];
                }

                users.Add(key.UserId);
            }
            else if (_online.TryGetValue(key.ChannelId, out var users) && users.Remove(key.UserId) && users.Count == 0)
            {
                _online.Remove(key.ChannelId);
            }
        }
    }

    /// <summary>At most <paramref name="count"/> users of a channel, in the order of their ids.</summary>
    internal long[] Read(long channelId, long after, int count)
    {
        lock (_lock)
        {
            return _online.TryGetValue(channelId, out var users) && after < users.Max
                ? [.. users.GetViewBetween(after + 1, long.MaxValue).Take(count)]
                : [];
        }
    }
}
