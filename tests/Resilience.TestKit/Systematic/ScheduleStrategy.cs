namespace Resilience.TestKit.Systematic;

/// <summary>How the explorer chooses which strand runs next.</summary>
public enum ScheduleStrategy
{
    /// <summary>Every runnable strand is equally likely at every step. Finds most faults; unlikely to hold one task back for long.</summary>
    Uniform,

    /// <summary>
    /// Probabilistic concurrency testing: random priorities, the highest runs, and at a few random steps the running task drops below all others.
    /// Finds faults of a known depth with a known probability, above all those where one task must sleep at the wrong place.
    /// </summary>
    Pct,
}
