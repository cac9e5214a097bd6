namespace Resilience.Queues;

/// <summary>What became of a message that was handed to <see cref="IDelayedQueue{T}"/>.</summary>
public enum EnqueueStatus
{
    /// <summary>The queue holds the message and will deliver it when it is due.</summary>
    Accepted,

    /// <summary>A message with this id is in the queue, or was settled within <see cref="DelayedQueueOptions.SettledIdRetention"/>; nothing was added.</summary>
    Duplicate,

    /// <summary>The queue holds <see cref="DelayedQueueOptions.MaxSize"/> messages; nothing was added.</summary>
    Full,

    /// <summary>The queue stayed full for <see cref="DelayedQueueOptions.EnqueueTimeout"/>; nothing was added. Only with <see cref="QueueFullMode.Wait"/>.</summary>
    TimedOut,
}
