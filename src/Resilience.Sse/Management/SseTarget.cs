namespace Resilience.Sse;

/// <summary>Which connections a command is for. Immutable; plain data, because commands travel to other nodes.</summary>
public readonly record struct SseTarget
{
    private SseTarget(SseTargetKind kind, string? value, Guid connection)
    {
        Kind = kind;
        Value = value;
        ConnectionId = connection;
    }

    /// <summary>Every connection.</summary>
    public static SseTarget All { get; } = new(SseTargetKind.All, null, default);

    /// <summary>What the target is given by.</summary>
    public SseTargetKind Kind { get; }

    /// <summary>User id, tag or channel; null for other kinds.</summary>
    public string? Value { get; }

    /// <summary>The connection's id; empty for other kinds.</summary>
    public Guid ConnectionId { get; }

    /// <summary>One connection.</summary>
    public static SseTarget Connection(Guid id) => new(SseTargetKind.Connection, null, id);

    /// <summary>All connections of a user.</summary>
    public static SseTarget User(string userId)
    {
        ArgumentException.ThrowIfNullOrEmpty(userId);
        return new SseTarget(SseTargetKind.User, userId, default);
    }

    /// <summary>All connections with a tag, see <see cref="SseConnectContext.Tag"/>.</summary>
    public static SseTarget Tag(string tag)
    {
        ArgumentException.ThrowIfNullOrEmpty(tag);
        return new SseTarget(SseTargetKind.Tag, tag, default);
    }

    /// <summary>All connections that are subscribed to a channel.</summary>
    public static SseTarget Channel(string channel)
    {
        ArgumentException.ThrowIfNullOrEmpty(channel);
        return new SseTarget(SseTargetKind.Channel, channel, default);
    }
}
