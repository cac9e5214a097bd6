namespace Resilience.TestKit.History.Internal;

/// <summary>One client over all its connections.</summary>
internal sealed class SessionState(StreamPosition start)
{
    public Dictionary<int, ConnectionState> Connections { get; } = [];

    public HashSet<StreamPosition> Processed { get; } = [];

    public HashSet<StreamPosition> Covered { get; } = [];

    public List<StreamPosition> Resets { get; } = [];

    public StreamPosition Start { get; } = start;

    /// <summary>What the client would name when it connects again.</summary>
    public StreamPosition Client { get; set; } = start;

    public int Newest { get; set; }

    public bool LimitReached { get; set; }
}

/// <summary>One connection of a client.</summary>
internal sealed class ConnectionState(StreamPosition from)
{
    public StreamPosition Last { get; set; } = from;

    public HashSet<StreamPosition> Delivered { get; } = [];

    public bool Open { get; set; } = true;
}
