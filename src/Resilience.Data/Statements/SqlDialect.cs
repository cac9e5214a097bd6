namespace Resilience.Data;

/// <summary>The databases whose syntax, locks and error codes are known.</summary>
public enum SqlDialect
{
    /// <summary>Found out from the type of the connection when it is first opened.</summary>
    Auto,

    /// <summary>PostgreSQL 12 or later.</summary>
    PostgreSql,

    /// <summary>SQLite 3.35 or later.</summary>
    Sqlite,
}
