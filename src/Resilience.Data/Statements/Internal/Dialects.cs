using System.Data.Common;
using Resilience.Shared;

namespace Resilience.Data;

/// <summary>Finds out which database a connection speaks to, by the provider's type: no provider is referenced.</summary>
internal static class Dialects
{
    public static SqlDialect Of(DbConnection connection, SqlDialect configured)
    {
        if (configured != SqlDialect.Auto)
        {
            return configured;
        }

        var inner = Unwrap(connection);
        return DbProvider.IsNpgsql(inner) ? SqlDialect.PostgreSql
            : DbProvider.IsSqlite(inner) ? SqlDialect.Sqlite
            : throw new InvalidOperationException($"The database behind {inner.GetType()} is not known; set Dialect in the options to PostgreSql or Sqlite.");
    }

    public static DbConnection Unwrap(DbConnection connection) => connection is MonitoredDbConnection wrapped ? wrapped.Inner : connection;

    public static DbTransaction Unwrap(DbTransaction transaction) => transaction is MonitoredDbTransaction wrapped ? wrapped.Inner : transaction;
}
