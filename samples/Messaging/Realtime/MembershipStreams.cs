using Messaging.Channels;
using Messaging.Http;
using Resilience.Sse;

namespace Messaging.Realtime;

/// <summary>Ends the delivery of a channel to one who is no member any more, on every node. One who joins asks for the channel in a new stream.</summary>
internal sealed class MembershipStreams(ISseManager manager) : IMembershipObserver
{
    public ValueTask JoinedAsync(long channelId, long userId, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public async ValueTask LeftAsync(long channelId, long userId, CancellationToken cancellationToken) =>
        await manager.UnsubscribeAsync(SseTarget.User(Ids.Format(userId)), Topics.Channel(channelId), cancellationToken);
}
