namespace Resilience.Sse;

/// <summary>The sums of a node since it started. Immutable.</summary>
public sealed record SseStatistics
{
    /// <summary>Connections that hold a slot now.</summary>
    public required int Active { get; init; }

    /// <summary>Streams opened.</summary>
    public required long Opened { get; init; }

    /// <summary>Streams ended, by reason.</summary>
    public required IReadOnlyDictionary<string, long> Closed { get; init; }

    /// <summary>Connections refused, by reason.</summary>
    public required IReadOnlyDictionary<string, long> Rejected { get; init; }

    /// <summary>Errors, by kind.</summary>
    public required IReadOnlyDictionary<string, long> Errors { get; init; }

    /// <summary>Streams that ended as stale.</summary>
    public required long Stale { get; init; }

    /// <summary>Events published on this node.</summary>
    public required long EventsPublished { get; init; }

    /// <summary>Events written to clients.</summary>
    public required long EventsSent { get; init; }

    /// <summary>Bytes written to clients.</summary>
    public required long BytesSent { get; init; }

    /// <summary>Bytes that the retained events take.</summary>
    public required long HistoryBytes { get; init; }

    /// <summary>Channels that the hub knows.</summary>
    public required int Channels { get; init; }

    /// <summary>Errors per ended stream in the last five minutes, 0 to 1 and above.</summary>
    public required double ErrorRatio { get; init; }

    /// <summary>Whether the alert on the error ratio is raised.</summary>
    public required bool ErrorRatioAlert { get; init; }

    /// <summary>Whether forwarding headers arrive that no middleware has processed, so that every client looks like one address.</summary>
    public required bool UnprocessedForwardingHeaders { get; init; }
}
