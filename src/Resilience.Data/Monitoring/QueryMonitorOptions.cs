using Resilience.Shared;

namespace Resilience.Data;

/// <summary>Settings of the query monitor; see docs/data.md.</summary>
public sealed class QueryMonitorOptions
{
    /// <summary>Gets or sets a value indicating whether commands outside a scope are watched too.</summary>
    /// <value>Default true. When false, a command outside a scope costs one read of an async-local.</value>
    public bool Enabled { get; set; } = true;

    /// <summary>Gets or sets the time above which a command counts as slow, from its start until its reader is closed.</summary>
    /// <value>Default 100 ms; 1 ms to 10 min.</value>
    [TimeSpanRange("00:00:00.001", "00:10:00")]
    public TimeSpan SlowThreshold { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Gets or sets how often a statement must run in a scope to be an N+1 pattern or a duplicate.</summary>
    /// <value>Default 10; 2 to 10,000. A scope's budget may say otherwise.</value>
    [Bounds(2, 10_000)]
    public int MinRepeats { get; set; } = 10;

    /// <summary>Gets or sets the time that the repeats must take together to be reported.</summary>
    /// <value>Default 50 ms; 0 ms to 10 min. A scope's budget may say otherwise.</value>
    [TimeSpanRange("00:00:00", "00:10:00")]
    public TimeSpan MinRepeatTime { get; set; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Gets or sets the number of statement shapes that are told apart; further ones share one row.</summary>
    /// <value>Default 4,096; 16 to 65,536. A shape takes about 1 KiB.</value>
    [Bounds(16, 65_536)]
    public int MaxFingerprints { get; set; } = 4_096;

    /// <summary>Gets or sets the window over which the share of slow commands is taken.</summary>
    /// <value>Default 60 s; 1 s to 1 h.</value>
    [TimeSpanRange("00:00:01", "01:00:00")]
    public TimeSpan Window { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Gets or sets the share of slow commands from which a window counts as bad.</summary>
    /// <value>Default 0.05; 0.001 to 1.</value>
    [Bounds(0.001, 1)]
    public double DegradedRatio { get; set; } = 0.05;

    /// <summary>Gets or sets the number of commands below which a window says nothing bad.</summary>
    /// <value>Default 50; 1 to 1,000,000.</value>
    [Bounds(1, 1_000_000)]
    public int MinSamples { get; set; } = 50;

    /// <summary>Gets or sets how many windows in a row must be bad to raise the alert, and good to clear it.</summary>
    /// <value>Default 2; 1 to 100.</value>
    [Bounds(1, 100)]
    public int WindowsToChange { get; set; } = 2;

    /// <summary>Gets or sets what is called when the alert is raised or cleared; called on the thread that found out, without a lock.</summary>
    /// <value>Default none.</value>
    public Action<DataAlert>? OnAlert { get; set; }
}
