using Resilience.Shared;

namespace Resilience.Queues;

/// <summary>Options of one delayed queue. Read once, when the queue is first used. Nodes that share a queue on Redis must use the same values.</summary>
public sealed class DelayedQueueOptions
{
    /// <summary>Messages in the queue: waiting, retrying and leased; dead letters apart.</summary>
    /// <value>1 to 10,000,000; 10,000 by default.</value>
    [Bounds(1, 10_000_000)]
    public int MaxSize { get; set; } = 10_000;

    /// <summary>What an enqueue does when the queue is at its bound.</summary>
    /// <value><see cref="QueueFullMode.Reject"/> by default.</value>
    public QueueFullMode FullMode { get; set; } = QueueFullMode.Reject;

    /// <summary>How long an enqueue waits for space, with <see cref="QueueFullMode.Wait"/>.</summary>
    /// <value>1 ms to 1 h; 30 s by default.</value>
    [TimeSpanRange("00:00:00.001", "01:00:00")]
    public TimeSpan EnqueueTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The largest payload. In memory it is known for bytes and text; for other types <see cref="InMemoryQueueOptions{T}.SizeOf"/> tells.</summary>
    /// <value>Bytes, 1 to 67,108,864; 262,144 by default.</value>
    [Bounds(1, 67_108_864)]
    public int MaxPayloadBytes { get; set; } = 262_144;

    /// <summary>The longest delay.</summary>
    /// <value>1 s to 3650 d; 30 d by default.</value>
    [TimeSpanRange("00:00:01", "3650.00:00:00")]
    public TimeSpan MaxDelay { get; set; } = TimeSpan.FromDays(30);

    /// <summary>How long a message may lie unclaimed after it was due before cleanup moves it to the dead letters.</summary>
    /// <value>1 s to 3650 d; 24 h by default.</value>
    [TimeSpanRange("00:00:01", "3650.00:00:00")]
    public TimeSpan MessageTtl { get; set; } = TimeSpan.FromHours(24);

    /// <summary>How long a claimed message is hidden from others. A worker renews it while its handler runs.</summary>
    /// <value>100 ms to 12 h; 30 s by default.</value>
    [TimeSpanRange("00:00:00.100", "12:00:00")]
    public TimeSpan VisibilityTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How often a failed message is tried again. With 5, the sixth failure is final.</summary>
    /// <value>0 to 100; 5 by default.</value>
    [Bounds(0, 100)]
    public int MaxRetries { get; set; } = 5;

    /// <summary>How often a message is delivered at most, crashes of the worker included. Above <see cref="MaxRetries"/> + 1.</summary>
    /// <value>2 to 1000; 10 by default.</value>
    [Bounds(2, 1000)]
    public int MaxDeliveries { get; set; } = 10;

    /// <summary>The delay after the first failure; each further one doubles it.</summary>
    /// <value>1 ms to 1 h; 2 s by default.</value>
    [TimeSpanRange("00:00:00.001", "01:00:00")]
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>The longest delay between two attempts; at least <see cref="RetryDelay"/>.</summary>
    /// <value>1 ms to 24 h; 60 s by default.</value>
    [TimeSpanRange("00:00:00.001", "1.00:00:00")]
    public TimeSpan MaxRetryDelay { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>The part of a retry's delay that chance may take away, so that what failed together is not tried together.</summary>
    /// <value>0 (none, the default) to 1.</value>
    [Bounds(0, 1)]
    public double RetryJitter { get; set; }

    /// <summary>How many dead letters are kept; then the oldest leaves.</summary>
    /// <value>1 to 1,000,000; 10,000 by default.</value>
    [Bounds(1, 1_000_000)]
    public int MaxDeadLetters { get; set; } = 10_000;

    /// <summary>The longest error text that is kept in a history.</summary>
    /// <value>Characters, 16 to 10,000; 512 by default.</value>
    [Bounds(16, 10_000)]
    public int MaxErrorLength { get; set; } = 512;

    /// <summary>How long the id of a settled message is remembered, where its sender gave one, so that a repeated enqueue is not run twice.</summary>
    /// <value>0 (not remembered) to 24 h; 60 s by default.</value>
    [TimeSpanRange("00:00:00", "1.00:00:00")]
    public TimeSpan SettledIdRetention { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How many ids of settled messages are remembered at most; then the oldest is forgotten.</summary>
    /// <value>0 to 10,000,000; 100,000 by default.</value>
    [Bounds(0, 10_000_000)]
    public int MaxSettledIds { get; set; } = 100_000;

    /// <summary>How long a waiting claim trusts hints before it looks by itself; it may look up to a fifth earlier, so that nodes do not look together.</summary>
    /// <value>10 ms to 5 min; 5 s by default.</value>
    [TimeSpanRange("00:00:00.010", "00:05:00")]
    public TimeSpan MaxIdlePoll { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How many messages one operation of a store moves at most. Larger batches of a caller are split.</summary>
    /// <value>1 to 500; 100 by default.</value>
    [Bounds(1, 500)]
    public int MaxBatchSize { get; set; } = 100;

    /// <summary>When cleanup runs; up to a tenth earlier, so that nodes do not run together.</summary>
    /// <value>1 s to 24 h; 5 min by default.</value>
    [TimeSpanRange("00:00:01", "1.00:00:00")]
    public TimeSpan CleanupInterval { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How many messages one batch of a cleanup moves.</summary>
    /// <value>1 to 10,000; 1000 by default.</value>
    [Bounds(1, 10_000)]
    public int CleanupBatchSize { get; set; } = 1000;

    /// <summary>How long one run of the cleanup goes on with further batches; what is left goes with the next run.</summary>
    /// <value>1 ms to 5 min; 2 s by default.</value>
    [TimeSpanRange("00:00:00.001", "00:05:00")]
    public TimeSpan CleanupTimeBudget { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How often the size is sampled for metrics, alerts and the health check.</summary>
    /// <value>100 ms to 5 min; 5 s by default.</value>
    [TimeSpanRange("00:00:00.100", "00:05:00")]
    public TimeSpan StatsInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>The part of <see cref="MaxSize"/> from which the alert is raised.</summary>
    /// <value>0.01 to 1; 0.8 by default.</value>
    [Bounds(0.01, 1)]
    public double AlertThreshold { get; set; } = 0.8;

    /// <summary>The part of <see cref="MaxSize"/> below which the alert is cleared; at most <see cref="AlertThreshold"/>.</summary>
    /// <value>0 to 1; 0.7 by default.</value>
    [Bounds(0, 1)]
    public double AlertClearThreshold { get; set; } = 0.7;

    /// <summary>Called when an alert is raised or cleared. It must not block; what it throws is logged.</summary>
    /// <value>None by default.</value>
    public Action<QueueAlert>? OnAlert { get; set; }
}
