namespace Resilience.Data;

/// <summary>The state of the commands.</summary>
/// <param name="IsDegraded">Whether the alert is raised.</param>
/// <param name="SlowRatio">Share of slow commands in the last whole window, 0 to 1.</param>
/// <param name="Samples">Commands in that window.</param>
/// <param name="Sources">Monitored data sources; 0 means that nothing is watched.</param>
/// <param name="Commands">Commands since the start.</param>
/// <param name="Slow">Slow ones among them.</param>
/// <param name="Findings">N+1 patterns, duplicates and exceeded budgets since the start.</param>
public sealed record QueryHealth(bool IsDegraded, double SlowRatio, long Samples, int Sources, long Commands, long Slow, long Findings);
