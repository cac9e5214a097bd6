namespace Resilience.Storage;

/// <summary>The SQL that a database speaks. The package references no provider: it needs to know only which of these texts to send.</summary>
public enum SqlDialect
{
    /// <summary>SQLite 3.35 or later, in one process or several on one machine. Use write-ahead logging and <c>synchronous=FULL</c>.</summary>
    Sqlite,

    /// <summary>PostgreSQL 12 or later.</summary>
    PostgreSql,
}
