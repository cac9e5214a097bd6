using Resilience.Shared;

namespace Resilience.Cleanup;

/// <summary>Limits of a <see cref="CleanupDispatcher"/>.</summary>
public sealed class CleanupDispatcherOptions
{
    /// <summary>How many workers run steps.</summary>
    /// <value>Default <see cref="WorkerCount.Auto"/>: half the processors, 1 to 8. Or 1 to 1,024.</value>
    public WorkerCount Workers { get; set; } = WorkerCount.Auto;

    /// <summary>How many posted scopes may be waiting or running at once, over both lanes. Above it, the steps run on the caller.</summary>
    /// <value>Default 65,536 scopes; 1 to 16,777,216. Memory is taken as it is needed: 8 bytes a scope.</value>
    [Bounds(1, 16_777_216)]
    public int QueueCapacity { get; set; } = 65_536;

    /// <summary>How many scopes a worker takes at once; their removals are grouped by key.</summary>
    /// <value>Default 64 scopes; 1 to 4,096.</value>
    [Bounds(1, 4096)]
    public int BatchSize { get; set; } = 64;

    /// <summary>How long a worker waits for the lock of a key before it puts the scopes back.</summary>
    /// <value>Default 100 ms; 1 ms to 10 s.</value>
    [TimeSpanRange("00:00:00.001", "00:00:10")]
    public TimeSpan LockTimeout { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Posts per second of one source above which its scopes go to the low lane. They are never dropped.</summary>
    /// <value>Default 200 per second; 1 to 1,000,000.</value>
    [Bounds(1, 1_000_000)]
    public int SourceLimit { get; set; } = 200;

    /// <summary>How many posts of one source may come at once before <see cref="SourceLimit"/> counts.</summary>
    /// <value>Default 400; 1 to 1,000,000.</value>
    [Bounds(1, 1_000_000)]
    public int SourceBurst { get; set; } = 400;

    /// <summary>Refused writes in a row after which the breaker opens.</summary>
    /// <value>Default 10; 1 to 10,000.</value>
    [Bounds(1, 10_000)]
    public int BreakerThreshold { get; set; } = 10;

    /// <summary>How long the breaker stays open before one post may try; doubled after each try that fails, up to 5 min.</summary>
    /// <value>Default 30 s; 100 ms to 5 min.</value>
    [TimeSpanRange("00:00:00.100", "00:05:00")]
    public TimeSpan BreakerDuration { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Age of the oldest waiting scope at which the breaker opens and the backlog alert is raised; it is cleared below half of it.</summary>
    /// <value>Default 10 s; 100 ms to 10 min.</value>
    [TimeSpanRange("00:00:00.100", "00:10:00")]
    public TimeSpan BacklogAge { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a worker may be in one step before it is replaced.</summary>
    /// <value>Default 10 s; 100 ms to 10 min.</value>
    [TimeSpanRange("00:00:00.100", "00:10:00")]
    public TimeSpan StuckAfter { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How many blocked workers are replaced at most.</summary>
    /// <value>Default 2; 0 to 1,024.</value>
    [Bounds(0, 1024)]
    public int MaxSubstitutes { get; set; } = 2;

    /// <summary>How long the end of the host waits for the workers; then what is left is run by the thread that ends the host.</summary>
    /// <value>Default 10 s; 0 s to 10 min.</value>
    [TimeSpanRange("00:00:00", "00:10:00")]
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Called when an alert is raised or cleared, on the thread that found out. It should be quick; what it throws is logged.</summary>
    /// <value>Default none.</value>
    public Action<CleanupAlert>? OnAlert { get; set; }
}
