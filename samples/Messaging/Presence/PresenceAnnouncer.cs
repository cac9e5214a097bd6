using System.Text.Json;
using Messaging.Database;
using Messaging.Http;
using Messaging.Realtime;
using Resilience.Cleanup;
using Resilience.Sse;

namespace Messaging.Presence;

/// <summary>Tells the members of a channel who came and who went.</summary>
internal sealed class PresenceAnnouncer(Db database, PresenceRoster roster, IServiceProvider services) : ICoalescingHandler<PresenceKey, bool>
{
    // Gone and back again, or back and gone again: nobody need hear of it.
    public bool TryMerge(PresenceKey key, bool pending, bool added, out bool merged)
    {
        merged = added;
        return pending == added;
    }

    public async ValueTask HandleAsync(IReadOnlyList<KeyValuePair<PresenceKey, bool>> batch, CancellationToken cancellationToken)
    {
        // The streams tell the board, the board fills this lane, and this publishes on the streams: one of the three has to be asked for late.
        var publisher = services.GetRequiredService<ISsePublisher>();
        var ids = batch.Select(static b => b.Key.UserId).Distinct().ToArray();
        var names = (await database.ReadAsync(
            scope => scope.QueryAsync<(long Id, string Name)>("SELECT id, name FROM users WHERE " + scope.Dialect.IsOneOf("id", "@ids"), new { ids }),
            cancellationToken)).ToDictionary(static user => user.Id, static user => user.Name);

        // From here on the batch goes through: one that ends half-way is handled again, and would be told twice.
        foreach (var (key, online) in batch)
        {
            roster.Set(key, online);
            if (names.TryGetValue(key.UserId, out var name))
            {
                var presence = PresenceEvent.Of(key.ChannelId, (key.UserId, name), online);
                var message = SseMessage.FromUtf8(JsonSerializer.SerializeToUtf8Bytes(presence, Json.Options), "presence");
                await publisher.PublishAsync(Topics.Channel(key.ChannelId), message, CancellationToken.None);
            }
        }
    }
}
