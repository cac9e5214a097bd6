namespace Resilience.Sse;

/// <summary>One cursor's interest in one channel.</summary>
internal sealed class Subscription(HubCursor cursor, ChannelLog channel, long from)
{
    public HubCursor Cursor { get; } = cursor;

    public ChannelLog Channel { get; } = channel;

    /// <summary>Events up to here are not for this cursor: published before it joined, or told of as lost. Guarded by the cursor's lock.</summary>
    public long From { get; set; } = from;

    /// <summary>The place in the channel's subscriber set. Guarded by the channel's lock.</summary>
    public int Index { get; set; } = -1;
}
