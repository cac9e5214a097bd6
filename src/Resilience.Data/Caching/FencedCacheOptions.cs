using Resilience.Shared;

namespace Resilience.Data;

/// <summary>Settings of the fenced cache; see docs/data.md.</summary>
public sealed class FencedCacheOptions
{
    /// <summary>Gets or sets how long an entry lives when its own options do not say.</summary>
    /// <value>Default 5 min; 1 s to 7 d.</value>
    [TimeSpanRange("00:00:01", "7.00:00:00")]
    public TimeSpan Ttl { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Gets or sets how long it is remembered that there is no value.</summary>
    /// <value>Default 30 s; 1 ms to 1 d.</value>
    [TimeSpanRange("00:00:00.001", "1.00:00:00")]
    public TimeSpan NegativeTtl { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Gets or sets how long a node keeps an entry of the shared level without asking again: the bound on staleness when every message is lost.</summary>
    /// <value>Default 5 s; 1 ms to 1 h. Without a shared level entries live for their whole time.</value>
    [TimeSpanRange("00:00:00.001", "01:00:00")]
    public TimeSpan LocalTtl { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Gets or sets the part of its life by which an entry may end earlier, so that entries made together do not end together.</summary>
    /// <value>Default 0.1; 0 to 0.9.</value>
    [Bounds(0, 0.9)]
    public double Jitter { get; set; } = 0.1;

    /// <summary>Gets or sets the most entries of this node.</summary>
    /// <value>Default 10,000; 1 to 10,000,000.</value>
    [Bounds(1, 10_000_000)]
    public int LocalEntries { get; set; } = 10_000;

    /// <summary>Gets or sets the most remembered missing keys of this node; they never push out entries with a value.</summary>
    /// <value>Default 10,000; 1 to 10,000,000.</value>
    [Bounds(1, 10_000_000)]
    public int NegativeEntries { get; set; } = 10_000;

    /// <summary>Gets or sets how long a load may take and still be stored.</summary>
    /// <value>Default 30 s; 100 ms to 10 min; at most half of <see cref="FenceTtl"/>.</value>
    [TimeSpanRange("00:00:00.100", "00:10:00")]
    public TimeSpan LoadLimit { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Gets or sets how long the shared level remembers the fence of a load.</summary>
    /// <value>Default 60 s; 1 s to 1 h.</value>
    [TimeSpanRange("00:00:01", "01:00:00")]
    public TimeSpan FenceTtl { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Gets or sets how long a begun write keeps others from storing when its process dies.</summary>
    /// <value>Default 10 s; 100 ms to 10 min.</value>
    [TimeSpanRange("00:00:00.100", "00:10:00")]
    public TimeSpan WriteMarkerTtl { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Gets or sets how long a node waits for another that loads the same key.</summary>
    /// <value>Default 2 s; 0 ms to 1 min.</value>
    [TimeSpanRange("00:00:00", "00:01:00")]
    public TimeSpan LeaseTtl { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Gets or sets the largest value of the shared level; larger ones are loaded each time.</summary>
    /// <value>Default 262,144 bytes; 1 to 100,000,000.</value>
    [Bounds(1, 100_000_000)]
    public int MaxPayloadBytes { get; set; } = 262_144;

    /// <summary>Gets or sets the longest key; longer ones are loaded each time.</summary>
    /// <value>Default 1,024 characters; 16 to 65,536.</value>
    [Bounds(16, 65_536)]
    public int MaxKeyLength { get; set; } = 1_024;

    /// <summary>Gets or sets how many loads run at once, so that an empty shared level does not become a storm on the database.</summary>
    /// <value>Default 64; 1 to 10,000.</value>
    [Bounds(1, 10_000)]
    public int MaxConcurrentLoads { get; set; } = 64;

    /// <summary>Gets or sets how many invalidations may wait for a shared level that is down; beyond, it is bypassed for every key.</summary>
    /// <value>Default 10,000; 1 to 1,000,000.</value>
    [Bounds(1, 1_000_000)]
    public int PendingLimit { get; set; } = 10_000;

    /// <summary>Gets or sets what is called when the alert on the shared level is raised or cleared; called without a lock.</summary>
    /// <value>Default none.</value>
    public Action<DataAlert>? OnAlert { get; set; }
}
