namespace Resilience.Data;

/// <summary>Something wrong with the commands of a scope.</summary>
/// <param name="Kind">The class.</param>
/// <param name="Statement">The statement's shape: no literal and no parameter value is in it. Empty for a budget.</param>
/// <param name="Count">How often it ran.</param>
/// <param name="Total">The time that took.</param>
public sealed record QueryFinding(QueryFindingKind Kind, string Statement, int Count, TimeSpan Total);
