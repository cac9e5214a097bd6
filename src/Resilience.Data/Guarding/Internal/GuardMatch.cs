namespace Resilience.Data;

/// <summary>What a column must be, other than equal to one value; the fragment depends on the database.</summary>
internal sealed record GuardMatch(Func<SqlDialect, Sql> Fragment);
