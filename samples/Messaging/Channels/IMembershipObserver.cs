namespace Messaging.Channels;

/// <summary>Learns of a membership at once after the commit that changed it: open streams follow, on every node.</summary>
internal interface IMembershipObserver
{
    public ValueTask JoinedAsync(long channelId, long userId, CancellationToken cancellationToken);

    public ValueTask LeftAsync(long channelId, long userId, CancellationToken cancellationToken);
}
