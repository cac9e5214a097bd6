using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Resilience.Shared;

namespace Resilience.Cleanup;

/// <summary>What all scopes of a factory share. Thread-safe.</summary>
internal sealed class ScopeEnvironment(CleanupScopeOptions options, TimeProvider time, CleanupMetrics? metrics, ILogger logger)
{
    public static readonly ScopeEnvironment Default = new(new CleanupScopeOptions(), TimeProvider.System, null, NullLogger.Instance);

    private readonly Alert _lock = new("lock", 1, 1);

    public TimeSpan StepTimeout { get; } = options.StepTimeout;

    public TimeSpan Deadline { get; } = options.Deadline;

    public TimeSpan SlowAfter { get; } = options.SlowAfter;

    public TimeProvider Time { get; } = time;

    public CleanupMetrics? Metrics { get; } = metrics;

    public ILogger Logger { get; } = logger;

    /// <summary>The lock of a key was not free in time: counted each time, logged once until one was free.</summary>
    public void LockNotTaken(TimeSpan waited)
    {
        Metrics?.LockTimedOut();
        if (_lock.Raise() == AlertChange.Raised)
        {
            CleanupLog.LockNotTaken(Logger, waited.TotalMilliseconds, 1);
        }
    }

    public void LockFree()
    {
        if (_lock.IsActive)
        {
            _lock.Clear();
        }
    }
}
