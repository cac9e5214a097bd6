namespace Resilience.Sse;

/// <summary>What a <see cref="SseTarget"/> is given by.</summary>
public enum SseTargetKind
{
    /// <summary>Nothing: the default value matches no connection.</summary>
    None,

    /// <summary>Every connection.</summary>
    All,

    /// <summary>A connection's id.</summary>
    Connection,

    /// <summary>A user's id.</summary>
    User,

    /// <summary>A tag.</summary>
    Tag,

    /// <summary>A channel.</summary>
    Channel,
}
