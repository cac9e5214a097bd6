using Resilience.Shared;

namespace Resilience.Cleanup;

/// <summary>Limits of every scope that a <see cref="CleanupScopeFactory"/> makes.</summary>
public sealed class CleanupScopeOptions
{
    /// <summary>How long one asynchronous step may run before the next one starts without waiting for it.</summary>
    /// <value>Default 5 s; 1 ms to 1 h.</value>
    [TimeSpanRange("00:00:00.001", "01:00:00")]
    public TimeSpan StepTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long the close may wait for asynchronous steps in all. After it, the remaining steps are still started, each with its own time, but not waited for.
    /// </summary>
    /// <value>Default 10 s; 1 ms to 1 h; at least <see cref="StepTimeout"/>.</value>
    [TimeSpanRange("00:00:00.001", "01:00:00")]
    public TimeSpan Deadline { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>A close that takes longer is logged as slow.</summary>
    /// <value>Default 500 ms; 1 ms to 1 h.</value>
    [TimeSpanRange("00:00:00.001", "01:00:00")]
    public TimeSpan SlowAfter { get; set; } = TimeSpan.FromMilliseconds(500);
}
