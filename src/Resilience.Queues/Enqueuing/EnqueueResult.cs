namespace Resilience.Queues;

/// <summary>The answer of the queue to an enqueue. Immutable.</summary>
public readonly record struct EnqueueResult
{
    private readonly MessageKey _key;

    /// <summary>Creates a result; for stores and for tests of an application.</summary>
    /// <param name="status">What became of the message.</param>
    /// <param name="key">The message, where there is one.</param>
    /// <param name="size">Messages in the queue after the decision, dead letters apart.</param>
    public EnqueueResult(EnqueueStatus status, MessageKey key, long size)
    {
        Status = status;
        _key = key;
        Size = size;
    }

    /// <summary>What became of the message.</summary>
    public EnqueueStatus Status { get; }

    /// <summary>Messages in the queue after the decision: waiting, retrying and leased.</summary>
    public long Size { get; }

    /// <summary>Whether the queue holds the message: it was accepted, or was already there.</summary>
    public bool IsAccepted => Status is EnqueueStatus.Accepted or EnqueueStatus.Duplicate;

    /// <summary>The id of the message, for <see cref="IDelayedQueue.CancelAsync"/>; <see langword="null"/> when the queue was full.</summary>
    public string? Id => IsAccepted ? _key.ToString() : null;

    /// <summary>Throws when the message was refused, for callers who prefer an exception.</summary>
    /// <returns>This result.</returns>
    /// <exception cref="QueueFullException">The status is <see cref="EnqueueStatus.Full"/> or <see cref="EnqueueStatus.TimedOut"/>.</exception>
    public EnqueueResult EnsureAccepted() => IsAccepted ? this : throw new QueueFullException(this);
}
