namespace Resilience.Storage;

/// <summary>Options of the orphan sweeper. Validated when the application starts.</summary>
public sealed class OrphanSweeperOptions
{
    /// <summary>How often a sweep runs, over all nodes.</summary>
    /// <value>Default 24 h; 1 min to 31 d.</value>
    [TimeSpanRange("00:01:00", "31.00:00:00")]
    public TimeSpan Interval { get; set; } = TimeSpan.FromHours(24);

    /// <summary>The random part of the interval, so that many roots do not sweep at once.</summary>
    /// <value>Default 0.1; 0 to 0.5.</value>
    [Bounds(0, 0.5)]
    public double Jitter { get; set; } = 0.1;

    /// <summary>How long a file without a record stays in quarantine; zero deletes it at once.</summary>
    /// <value>Default 7 d; 0 to 365 d. Not shorter than the age of the oldest database backup that might be restored.</value>
    [TimeSpanRange("00:00:00", "365.00:00:00")]
    public TimeSpan Retention { get; set; } = TimeSpan.FromDays(7);

    /// <summary>Files younger than this are left alone.</summary>
    /// <value>Default 0: uploads that are registered need no age. Set it above the longest upload if anything writes files without <see cref="IUploadRegistry"/>. 0 to 31 d.</value>
    [TimeSpanRange("00:00:00", "31.00:00:00")]
    public TimeSpan MinimumAge { get; set; }

    /// <summary>The largest part of all files that may be without a record before the sweep stops without touching any.</summary>
    /// <value>Default 0.05; 0.0001 to 1.</value>
    [Bounds(0.0001, 1)]
    public double MaxOrphanFraction { get; set; } = 0.05;

    /// <summary>So many files without a record are believed whatever part of all files they are.</summary>
    /// <value>Default 20; 0 to 10,000.</value>
    [Bounds(0, 10_000)]
    public int OrphanFloor { get; set; } = 20;

    /// <summary>The most files without a record that one sweep may handle; with more it stops without touching any.</summary>
    /// <value>Default 10,000; 1 to 10,000,000.</value>
    [Bounds(1, 10_000_000)]
    public int MaxOrphans { get; set; } = 10_000;

    /// <summary>Names that are asked about in one query.</summary>
    /// <value>Default 1000; 10 to 1000.</value>
    [Bounds(10, 1000)]
    public int ChunkSize { get; set; } = 1000;

    /// <summary>Whether a store without a marker is refused: without one it cannot be told whether folder and database belong together.</summary>
    /// <value>Default true.</value>
    public bool RequireMarker { get; set; } = true;

    /// <summary>How long a sweep belongs to the process that runs it; renewed with each chunk.</summary>
    /// <value>Default 10 min; 1 min to 24 h.</value>
    [TimeSpanRange("00:01:00", "1.00:00:00")]
    public TimeSpan LeaseDuration { get; set; } = TimeSpan.FromMinutes(10);
}
