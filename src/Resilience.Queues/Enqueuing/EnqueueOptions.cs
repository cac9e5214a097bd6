namespace Resilience.Queues;

/// <summary>What may be said about a message when it is enqueued. Immutable; may be shared.</summary>
public sealed class EnqueueOptions
{
    /// <summary>How long the message is invisible.</summary>
    /// <value>Zero (the default) to <see cref="DelayedQueueOptions.MaxDelay"/>. A duration and no point in time, so that the clock of the caller does not matter.</value>
    public TimeSpan Delay { get; init; }

    /// <summary>Names the message, and makes a repeated enqueue of it harmless.</summary>
    /// <value>
    /// 1 to 200 characters that do not begin with <c>~</c>, or <see langword="null"/> (the default): the queue makes one. While a message with this id is in
    /// the queue, and for <see cref="DelayedQueueOptions.SettledIdRetention"/> after it was settled, the same id is answered with
    /// <see cref="EnqueueStatus.Duplicate"/>. Give one when you enqueue again after an error that leaves open whether the first enqueue arrived.
    /// </value>
    public string? Id { get; init; }
}
