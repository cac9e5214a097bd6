namespace Messaging.Channels;

/// <summary>Learns of a membership at once after the commit that changed it: open streams follow, on every node.</summary>
internal interface IMembershipObserver
{
    ValueTask JoinedAsync(long channelId, long userId, CancellationToken cancellationToken);

    ValueTask LeftAsync(long channelId, long userId, CancellationToken cancellationToken);
}
