namespace Resilience.Data;

/// <summary>What a scope saw of one statement shape.</summary>
/// <param name="Statement">The shape: no literal and no parameter value is in it.</param>
/// <param name="Count">How often it ran.</param>
/// <param name="Rows">Rows read.</param>
/// <param name="Total">The time it took.</param>
public sealed record ScopeStatement(string Statement, int Count, long Rows, TimeSpan Total);
