namespace Resilience.Data;

/// <summary>What the monitor knows of one statement shape since it started.</summary>
/// <param name="Statement">The shape: no literal and no parameter value is in it.</param>
/// <param name="Count">How often it ran.</param>
/// <param name="Errors">How often it failed.</param>
/// <param name="Slow">How often it was slow.</param>
/// <param name="Rows">Rows read.</param>
/// <param name="P50">Half of the runs took at most this; at most a quarter above the true value.</param>
/// <param name="P95">95 % of the runs took at most this.</param>
/// <param name="P99">99 % of the runs took at most this.</param>
/// <param name="Max">The longest run.</param>
public sealed record QueryStatistics(
    string Statement, long Count, long Errors, long Slow, long Rows, TimeSpan P50, TimeSpan P95, TimeSpan P99, TimeSpan Max);
