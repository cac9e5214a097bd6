namespace Resilience.Sse;

internal sealed partial class ChannelLog
{
    /// <summary>The place among the idle channels. Guarded by the hub's lock.</summary>
    public LinkedListNode<ChannelLog>? IdleNode { get; set; }
}
