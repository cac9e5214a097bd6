namespace Resilience.Cleanup;

/// <summary>
/// The dispatcher at one moment. The figures are read one after another, so while it works they may differ by what happened in between.
/// </summary>
public sealed record CleanupDispatcherSnapshot
{
    /// <summary>Scopes that were posted and not already closing.</summary>
    public required long Posted { get; init; }

    /// <summary>Posted scopes whose close has ended.</summary>
    public required long Closed { get; init; }

    /// <summary>Posted scopes whose close has not ended: queued, claimed by a worker, or waiting for an asynchronous step.</summary>
    public long Pending => Posted - Closed;

    /// <summary>Scopes waiting in the normal lane.</summary>
    public required int QueuedNormal { get; init; }

    /// <summary>Scopes waiting in the low lane.</summary>
    public required int QueuedLow { get; init; }

    /// <summary>How long the oldest waiting scope has waited.</summary>
    public required TimeSpan OldestAge { get; init; }

    /// <summary>Scopes whose steps were run on the caller.</summary>
    public required long Inline { get; init; }

    /// <summary>Scopes that were put into the low lane because of their source.</summary>
    public required long SourceLimited { get; init; }

    /// <summary>Workers that are in service.</summary>
    public required int Workers { get; init; }

    /// <summary>Workers that were replaced and are still blocked in a step.</summary>
    public required int StuckWorkers { get; init; }

    /// <summary>Workers that were started again after they had crashed.</summary>
    public required long WorkerRestarts { get; init; }

    /// <summary>How often the lock of a key was not got in time; each time the scopes were put back.</summary>
    public required long LockTimeouts { get; init; }

    /// <summary>The breaker.</summary>
    public required CleanupBreakerState Breaker { get; init; }
}
