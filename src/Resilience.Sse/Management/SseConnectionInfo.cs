namespace Resilience.Sse;

/// <summary>What is known of a connection at one moment. Immutable.</summary>
public sealed record SseConnectionInfo
{
    /// <summary>The connection's id, random.</summary>
    public required Guid Id { get; init; }

    /// <summary>The name of the endpoint.</summary>
    public required string Endpoint { get; init; }

    /// <summary>The remote address; null where the server has none.</summary>
    public string? RemoteAddress { get; init; }

    /// <summary>The user's id; null for an anonymous caller.</summary>
    public string? UserId { get; init; }

    /// <summary>The channels the connection is subscribed to now.</summary>
    public required IReadOnlyList<string> Channels { get; init; }

    /// <summary>What the application marked the connection with.</summary>
    public required IReadOnlyList<string> Tags { get; init; }

    /// <summary>When the slot was taken.</summary>
    public required DateTimeOffset ConnectedAt { get; init; }

    /// <summary>When bytes last left for the client.</summary>
    public required DateTimeOffset LastActivity { get; init; }

    /// <summary>Events written.</summary>
    public required long EventsSent { get; init; }

    /// <summary>Bytes written, heartbeats included, without the framing of HTTP.</summary>
    public required long BytesSent { get; init; }

    /// <summary>Messages that came from the subscription or the producer.</summary>
    public required long MessagesReceived { get; init; }

    /// <summary>How often the token was validated while the stream was open.</summary>
    public required long TokenValidations { get; init; }

    /// <summary>Failures in all: of sending, of validation, of the producer.</summary>
    public required long Errors { get; init; }

    /// <summary>The longest current row of failures of one kind.</summary>
    public required int ConsecutiveErrors { get; init; }

    /// <summary>The position on the hub; null on streams that have none.</summary>
    public SseEventId? Position { get; init; }

    /// <summary>Where the connection is in its life.</summary>
    public required SseConnectionState State { get; init; }

    /// <summary>Why it ended; <see cref="SseCloseReason.None"/> while it has not.</summary>
    public SseCloseReason CloseReason { get; init; }
}
