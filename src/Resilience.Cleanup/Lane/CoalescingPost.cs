namespace Resilience.Cleanup;

/// <summary>What <see cref="CoalescingLane{TKey, T}.Post"/> did with an item.</summary>
public enum CoalescingPost
{
    /// <summary>It waits.</summary>
    Added,

    /// <summary>It was merged into the one that waited for the same key.</summary>
    Merged,

    /// <summary>It and the one that waited cancelled each other out.</summary>
    CancelledOut,

    /// <summary>The lane holds as many keys as it may; the item was refused and counted.</summary>
    Full,

    /// <summary>The lane has ended; the item was refused and counted.</summary>
    Stopped,
}
