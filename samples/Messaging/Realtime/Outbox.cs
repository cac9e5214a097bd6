using Messaging.Database;
using Messaging.Http;

namespace Messaging.Realtime;

/// <summary>
/// Stores an event in the transaction of the change it tells of; the relay publishes it after the commit. A crash between the two delays the event and
/// never loses it. Write a channel's events while holding the channel's row lock: that is what keeps their order.
/// </summary>
internal sealed class Outbox(OutboxSignal signal, TimeProvider time)
{
    internal async Task AddAsync<T>(DbScope scope, string topic, string eventType, T data)
    {
        await scope.ExecuteAsync(
            "INSERT INTO outbox (topic, event_type, data, created_at) VALUES (@topic, @eventType, @data, @now)",
            new { topic, eventType, data = Json.Write(data), now = time.NowForStore() });
        scope.AfterCommit(signal.Set);
    }
}
