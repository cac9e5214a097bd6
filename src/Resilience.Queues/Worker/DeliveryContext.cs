namespace Resilience.Queues;

/// <summary>What a handler knows about its delivery, and how it may decide otherwise than by returning or throwing. Made by tests too; not thread-safe.</summary>
public sealed class DeliveryContext
{
    /// <summary>The name of the queue.</summary>
    public string Queue { get; init; } = "";

    /// <summary>The id of the message.</summary>
    public string Id { get; init; } = "";

    /// <summary>Which try this is, counted by failures that handlers reported: 1 for the first.</summary>
    public int Attempt { get; init; } = 1;

    /// <summary>Deliveries, this one and those that ended with a crash included.</summary>
    public int Deliveries { get; init; } = 1;

    /// <summary>Whether the last delivery ended because its lease ran out.</summary>
    public bool IsSuspect { get; init; }

    /// <summary>When the message was enqueued, by the clock of the store.</summary>
    public DateTimeOffset EnqueuedAt { get; init; }

    /// <summary>When it was due, by the clock of the store.</summary>
    public DateTimeOffset DueAt { get; init; }

    /// <summary>How long after its due time it was claimed.</summary>
    public TimeSpan Lateness { get; init; }

    /// <summary>The delay that <see cref="RetryAfter"/> asked for, or <see langword="null"/>.</summary>
    public TimeSpan? RetryDelay { get; private set; }

    /// <summary>The reason that <see cref="Reject"/> gave, or <see langword="null"/>.</summary>
    public string? Rejection { get; private set; }

    /// <summary>Whether <see cref="Retry"/> or <see cref="RetryAfter"/> was called.</summary>
    public bool IsRetryRequested { get; private set; }

    /// <summary>Fails the message as an exception would, without one: it is tried again after the delay of the policy.</summary>
    public void Retry() => IsRetryRequested = true;

    /// <summary>As <see cref="Retry"/>, with a delay of the handler's: what a server said in Retry-After. It counts as a failure.</summary>
    /// <param name="delay">Zero to <see cref="DelayedQueueOptions.MaxDelay"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="delay"/> is negative.</exception>
    public void RetryAfter(TimeSpan delay)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(delay, TimeSpan.Zero);
        IsRetryRequested = true;
        RetryDelay = delay;
    }

    /// <summary>Fails the message for good: it becomes a dead letter.</summary>
    /// <param name="reason">What is kept in its history.</param>
    public void Reject(string reason)
    {
        ArgumentException.ThrowIfNullOrEmpty(reason);
        Rejection = reason;
    }
}
