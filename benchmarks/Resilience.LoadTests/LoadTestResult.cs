using Resilience.Benchmarks;

namespace Resilience.LoadTests;

/// <summary>The rows of a load test and what a reader must know beside them.</summary>
internal sealed record LoadTestResult(IReadOnlyList<ResultRow> Rows, params IReadOnlyList<string> Notes);
