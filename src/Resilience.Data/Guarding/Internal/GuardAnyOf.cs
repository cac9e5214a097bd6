namespace Resilience.Data;

/// <summary>Several values of which a column may have one; the fragment depends on the database.</summary>
internal sealed record GuardAnyOf(int Count, Func<SqlDialect, Sql> Fragment);
