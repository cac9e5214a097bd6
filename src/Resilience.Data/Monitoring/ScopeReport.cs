namespace Resilience.Data;

/// <summary>What a scope saw.</summary>
/// <param name="Scope">The scope's name.</param>
/// <param name="Count">Statements that ran; each statement of a batch counts.</param>
/// <param name="Statements">By shape, in the order of their first run.</param>
/// <param name="Findings">What is wrong.</param>
/// <param name="Captured">The commands with their parameters, when the budget asked for them.</param>
public sealed record ScopeReport(
    string Scope, int Count, IReadOnlyList<ScopeStatement> Statements, IReadOnlyList<QueryFinding> Findings, IReadOnlyList<CapturedQuery> Captured);
