using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Resilience.Cleanup;

/// <summary>What all scopes of a factory share. Immutable.</summary>
internal sealed class ScopeEnvironment(CleanupScopeOptions options, TimeProvider time, CleanupMetrics? metrics, ILogger logger)
{
    public static readonly ScopeEnvironment Default = new(new CleanupScopeOptions(), TimeProvider.System, null, NullLogger.Instance);

    public TimeSpan StepTimeout { get; } = options.StepTimeout;

    public TimeSpan Deadline { get; } = options.Deadline;

    public TimeSpan SlowAfter { get; } = options.SlowAfter;

    public TimeProvider Time { get; } = time;

    public CleanupMetrics? Metrics { get; } = metrics;

    public ILogger Logger { get; } = logger;
}
