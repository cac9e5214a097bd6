using System.Data.Common;
using Dapper;
using Npgsql;

namespace Messaging.Database;

/// <summary>PostgreSQL at its default isolation: rows that a decision depends on are locked by the statement that reads them.</summary>
internal sealed class PostgreSqlDialect : Dialect
{
    internal override string ForUpdate => " FOR UPDATE";

    internal override string ForShare => " FOR SHARE";

    internal override bool SharesDatabase => true;

    internal override string IsOneOf(string column, string parameter) => $"{column} = ANY({parameter})";

    internal override string Translate(string migration) =>
        migration.Replace("{identity}", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY", StringComparison.Ordinal);

    internal override ValueTask<IDisposable?> EnterWriteAsync(CancellationToken cancellationToken) => ValueTask.FromResult<IDisposable?>(null);

    internal override Task LockNodesAsync(DbTransaction transaction, NodeLock key, CancellationToken cancellationToken) =>
        transaction.Connection!.ExecuteAsync(new CommandDefinition(
            "SELECT pg_advisory_xact_lock(@key)", new { key = (long)key }, transaction, cancellationToken: cancellationToken));

    internal override bool IsTransient(DbException error) =>
        error is PostgresException { SqlState: PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure };
}
