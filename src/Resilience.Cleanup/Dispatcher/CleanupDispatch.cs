namespace Resilience.Cleanup;

/// <summary>What <see cref="CleanupDispatcher.Post"/> did with a scope.</summary>
public enum CleanupDispatch
{
    /// <summary>Waits for a worker.</summary>
    Queued,

    /// <summary>Waits in the low lane, because its source closes more scopes per second than <see cref="CleanupDispatcherOptions.SourceLimit"/>.</summary>
    QueuedLow,

    /// <summary>The queue was full: the steps were run on the caller.</summary>
    InlineQueueFull,

    /// <summary>The breaker is open: the steps were run on the caller.</summary>
    InlineBreakerOpen,

    /// <summary>The dispatcher has stopped: the steps were run on the caller.</summary>
    InlineStopped,

    /// <summary>Somebody decided to close the scope before; there is nothing to do.</summary>
    AlreadyClosing,
}
