namespace Resilience.Queues;

/// <summary>A message that a store has leased to the caller.</summary>
/// <typeparam name="T">The type of the item.</typeparam>
public readonly record struct ClaimedMessage<T>
{
    /// <summary>Which message.</summary>
    public required MessageKey Key { get; init; }

    /// <summary>The fencing token of this lease: used once, so that an older one never matches.</summary>
    public required long Token { get; init; }

    /// <summary>The item; the default value when <see cref="DecodeError"/> is set.</summary>
    public required T Item { get; init; }

    /// <summary>Failures that handlers reported before this delivery.</summary>
    public required int Failures { get; init; }

    /// <summary>Deliveries, this one included.</summary>
    public required int Deliveries { get; init; }

    /// <summary>Whether the last delivery ended because its lease ran out.</summary>
    public required bool IsSuspect { get; init; }

    /// <summary>When the message was enqueued, by the clock of the store.</summary>
    public required DateTimeOffset EnqueuedAt { get; init; }

    /// <summary>When it was due (after a retry: due again), by the clock of the store.</summary>
    public required DateTimeOffset DueAt { get; init; }

    /// <summary>How long after the due time it was claimed; never negative.</summary>
    public required TimeSpan Lateness { get; init; }

    /// <summary>The W3C trace parent of who enqueued it.</summary>
    public string? TraceParent { get; init; }

    /// <summary>The W3C trace state of who enqueued it.</summary>
    public string? TraceState { get; init; }

    /// <summary>Why the item could not be read, or <see langword="null"/>.</summary>
    public Exception? DecodeError { get; init; }
}
