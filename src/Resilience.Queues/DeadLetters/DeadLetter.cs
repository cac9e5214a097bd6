namespace Resilience.Queues;

/// <summary>One failed delivery in the history of a message.</summary>
/// <param name="At">When, by the clock of the store.</param>
/// <param name="Error">What the handler reported, shortened to <see cref="DelayedQueueOptions.MaxErrorLength"/> characters.</param>
public readonly record struct DeliveryFailure(DateTimeOffset At, string Error);

/// <summary>A message that failed for good. Immutable.</summary>
/// <typeparam name="T">The type of the item.</typeparam>
public sealed class DeadLetter<T>
{
    /// <summary>The id of the message.</summary>
    public required string Id { get; init; }

    /// <summary>Its number among the dead letters: the cursor for the next page.</summary>
    public required long Number { get; init; }

    /// <summary>The item, or the default value when it could not be read.</summary>
    public required T? Item { get; init; }

    /// <summary>Whether <see cref="Item"/> could be read.</summary>
    public required bool HasItem { get; init; }

    /// <summary>Why it is here.</summary>
    public required DeadLetterReason Reason { get; init; }

    /// <summary>Failures that handlers reported.</summary>
    public required int Failures { get; init; }

    /// <summary>How often it was delivered.</summary>
    public required int Deliveries { get; init; }

    /// <summary>When it was enqueued, by the clock of the store.</summary>
    public required DateTimeOffset EnqueuedAt { get; init; }

    /// <summary>When it failed for good, by the clock of the store.</summary>
    public required DateTimeOffset DiedAt { get; init; }

    /// <summary>What handlers reported, the oldest first; at most the last 16.</summary>
    public required IReadOnlyList<DeliveryFailure> History { get; init; }
}
