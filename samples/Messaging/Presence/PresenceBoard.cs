using System.Globalization;
using Messaging.Channels;
using Messaging.Http;
using Resilience.Cleanup;
using Resilience.Sse;

namespace Messaging.Presence;

/// <summary>
/// Who has a stream open, and in which channels; on this node, in memory. A change goes through the lane: coming at once, going after the lane's delay, so that
/// one who reconnects within it never left. Thread-safe; the lock guards both maps, and is held while the lane is told, so that the lane hears
/// of changes in their order.
/// </summary>
internal sealed class PresenceBoard(CoalescingLane<PresenceKey, bool> lane, PresenceRoster roster, IServiceProvider services) : ISseConnectionObserver, IMembershipObserver
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, HashSet<PresenceKey>> _streams = [];
    private readonly Dictionary<PresenceKey, int> _counts = [];

    public void Opened(SseConnectionInfo connection)
    {
        if (!Ids.TryParse(connection.UserId, out var userId))
        {
            return;
        }

        var keys = connection.Channels.Select(ChannelIdOf).OfType<long>().Select(id => new PresenceKey(id, userId)).ToHashSet();
        var came = new List<PresenceKey>();
        lock (_lock)
        {
            _streams[connection.Id] = keys;
            foreach (var key in keys)
            {
                var count = _counts.GetValueOrDefault(key);
                _counts[key] = count + 1;
                if (count == 0)
                {
                    came.Add(key);
                }
            }
        }

        // The description may be older than a leave that this board heard of before it knew the stream. A leave ends the subscription before it comes here
        // (MembershipStreams is registered first), so what the stream follows now tells. The manager knows its observers: it has to be asked for late.
        var now = services.GetRequiredService<ISseManager>().Find(connection.Id)?.Channels.Select(ChannelIdOf).ToHashSet();
        lock (_lock)
        {
            if (now is not null && _streams.ContainsKey(connection.Id))
            {
                foreach (var key in keys.Where(key => !now.Contains(key.ChannelId)).ToList())
                {
                    keys.Remove(key);
                    TakeOne(key);
                }
            }

            foreach (var key in came.Where(_counts.ContainsKey))
            {
                Tell(key, online: true, TimeSpan.Zero);
            }
        }
    }

    public void Closed(SseConnectionInfo connection)
    {
        lock (_lock)
        {
            if (_streams.Remove(connection.Id, out var keys))
            {
                foreach (var key in keys.Where(TakeOne))
                {
                    Tell(key, online: false, delay: null);
                }
            }
        }
    }

    public ValueTask JoinedAsync(long channelId, long userId, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public ValueTask LeftAsync(long channelId, long userId, CancellationToken cancellationToken)
    {
        var key = new PresenceKey(channelId, userId);
        lock (_lock)
        {
            foreach (var keys in _streams.Values)
            {
                keys.Remove(key);
            }

            if (_counts.Remove(key))
            {
                Tell(key, online: false, TimeSpan.Zero);
            }
        }

        return ValueTask.CompletedTask;
    }

    private static long? ChannelIdOf(string topic) =>
        topic.StartsWith("channel:", StringComparison.Ordinal) && long.TryParse(topic.AsSpan("channel:".Length), NumberStyles.None, CultureInfo.InvariantCulture, out var id)
            ? id
            : null;

    private void Tell(PresenceKey key, bool online, TimeSpan? delay)
    {
        if (lane.Post(key, online, delay) is CoalescingPost.Full or CoalescingPost.Stopped)
        {
            // Nobody is told, but whoever asks gets the truth.
            roster.Set(key, online);
        }
    }

    /// <summary>Under the lock: one stream less; true when it was the last.</summary>
    private bool TakeOne(PresenceKey key)
    {
        var left = _counts[key] - 1;
        if (left > 0)
        {
            _counts[key] = left;
            return false;
        }

        return _counts.Remove(key);
    }
}
