using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Resilience.Shared;

namespace Resilience.Cleanup;

/// <summary>What all scopes of a factory share. Thread-safe.</summary>
internal sealed class ScopeEnvironment(CleanupScopeOptions options, TimeProvider time, CleanupMetrics? metrics, ILogger logger)
{
    public static readonly ScopeEnvironment Default = new(new CleanupScopeOptions(), TimeProvider.System, null, NullLogger.Instance);

    public TimeSpan StepTimeout { get; } = options.StepTimeout;

    public TimeSpan Deadline { get; } = options.Deadline;

    public TimeSpan SlowAfter { get; } = options.SlowAfter;

    public TimeProvider Time { get; } = time;

    public CleanupMetrics? Metrics { get; } = metrics;

    public ILogger Logger { get; } = logger;

    /// <summary>Raised while removals of members wait for a lock, so that a hot lock is one line in the log and not one per scope.</summary>
    public Alert LockWaits { get; } = new("lock", 1, 1);
}
