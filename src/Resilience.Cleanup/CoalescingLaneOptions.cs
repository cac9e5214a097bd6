using Resilience.Shared;

namespace Resilience.Cleanup;

/// <summary>Limits of a <see cref="CoalescingLane{TKey, T}"/>.</summary>
public sealed class CoalescingLaneOptions
{
    /// <summary>How many keys may wait. Items of a key that waits already are always taken.</summary>
    /// <value>Default 10,000 keys; 1 to 1,000,000.</value>
    [Bounds(1, 1_000_000)]
    public int Capacity { get; set; } = 10_000;

    /// <summary>How many items the handler gets at once.</summary>
    /// <value>Default 64; 1 to 4,096.</value>
    [Bounds(1, 4096)]
    public int BatchSize { get; set; } = 64;

    /// <summary>How long an item waits before it is handled, so that its opposite can cancel it out.</summary>
    /// <value>Default 0 s; 0 s to 1 h.</value>
    [TimeSpanRange("00:00:00", "01:00:00")]
    public TimeSpan Delay { get; set; } = TimeSpan.Zero;

    /// <summary>How many batches are handled at once.</summary>
    /// <value>Default 2; 1 to 1,024.</value>
    [Bounds(1, 1024)]
    public int Concurrency { get; set; } = 2;

    /// <summary>How long a batch may take before its token is cancelled.</summary>
    /// <value>Default 5 s; 1 ms to 1 h.</value>
    [TimeSpanRange("00:00:00.001", "01:00:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How often an item is tried again after its first failure.</summary>
    /// <value>Default 5; 0 to 100.</value>
    [Bounds(0, 100)]
    public int Retries { get; set; } = 5;

    /// <summary>The pause before the first retry; each later one is twice as long, up to 60 s.</summary>
    /// <value>Default 2 s; 1 ms to 60 s.</value>
    [TimeSpanRange("00:00:00.001", "00:01:00")]
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How long the end of the host waits for what is pending, which is then handled without delay.</summary>
    /// <value>Default 5 s; 0 s to 10 min.</value>
    [TimeSpanRange("00:00:00", "00:10:00")]
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(5);
}
