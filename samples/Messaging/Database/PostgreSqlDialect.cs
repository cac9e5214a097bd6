using System.Data.Common;
using Dapper;
using Resilience.Data;

namespace Messaging.Database;

/// <summary>PostgreSQL at its default isolation: the rows that a decision depends on are locked, so each statement sees them as they stay.</summary>
internal sealed class PostgreSqlDialect : Dialect
{
    internal override SqlDialect Kind => SqlDialect.PostgreSql;

    internal override string ForUpdate => " FOR UPDATE";

    internal override bool SharesDatabase => true;

    internal override string IsOneOf(string column, string parameter) => $"{column} = ANY({parameter})";

    internal override string Translate(string migration) =>
        migration.Replace("{identity}", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY", StringComparison.Ordinal);

    internal override Task LockNodesAsync(DbTransaction transaction, NodeLock key, CancellationToken cancellationToken) =>
        transaction.Connection!.ExecuteAsync(new CommandDefinition(
            "SELECT pg_advisory_xact_lock(@key)", new { key = (long)key }, transaction, cancellationToken: cancellationToken));
}
