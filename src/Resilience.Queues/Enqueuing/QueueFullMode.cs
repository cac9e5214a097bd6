namespace Resilience.Queues;

/// <summary>What an enqueue does when the queue is at its bound.</summary>
public enum QueueFullMode
{
    /// <summary>It answers <see cref="EnqueueStatus.Full"/> at once.</summary>
    Reject,

    /// <summary>
    /// It waits for space, first come first served within the process, at most <see cref="DelayedQueueOptions.EnqueueTimeout"/>. Between processes there is no order.
    /// </summary>
    Wait,
}
