namespace Resilience.Cleanup;

/// <summary>The dispatcher's breaker.</summary>
public enum CleanupBreakerState
{
    /// <summary>The queue is used.</summary>
    Closed,

    /// <summary>The queue is left alone; cleanup runs on the caller.</summary>
    Open,

    /// <summary>One post tries the queue; all others still run on the caller.</summary>
    Probing,
}
