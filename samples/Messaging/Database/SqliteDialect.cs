using System.Data.Common;
using Resilience.Data;

namespace Messaging.Database;

/// <summary>SQLite: one writer, so a write transaction locks every row there is.</summary>
internal sealed class SqliteDialect : Dialect
{
    internal override SqlDialect Kind => SqlDialect.Sqlite;

    internal override string ForUpdate => string.Empty;

    internal override bool SharesDatabase => false;

    // Dapper writes one parameter for each value.
    internal override string IsOneOf(string column, string parameter) => $"{column} IN {parameter}";

    internal override string Translate(string migration) =>
        migration.Replace("{identity}", "INTEGER PRIMARY KEY AUTOINCREMENT", StringComparison.Ordinal);

    internal override Task LockNodesAsync(DbTransaction transaction, NodeLock key, CancellationToken cancellationToken) => Task.CompletedTask;
}
