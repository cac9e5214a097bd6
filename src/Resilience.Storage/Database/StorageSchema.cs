using System.Data.Common;
using System.Globalization;
using Resilience.Storage.Internal;

namespace Resilience.Storage;

/// <summary>The tables of this package: their definition, their version, and how they are brought up to date.</summary>
public static class StorageSchema
{
    /// <summary>The version of the tables that this release reads and writes.</summary>
    public const int Version = 1;

    /// <summary>The complete definition for one dialect: what <see cref="ApplyAsync"/> runs, for those who apply definitions by their own tool.</summary>
    /// <param name="dialect">The dialect.</param>
    public static string GetScript(SqlDialect dialect) => SqlText.Resource(dialect == SqlDialect.Sqlite ? "schema.sqlite.sql" : "schema.postgresql.sql");

    /// <summary>Creates the tables unless they are there in this version. Safe to call twice, and by several processes at once; takes no lock when there is nothing to do.</summary>
    /// <param name="dataSource">The database.</param>
    /// <param name="dialect">Its dialect.</param>
    /// <param name="cancellationToken">Ends the wait; what was not committed is not there.</param>
    /// <exception cref="NotSupportedException">The tables were made by a newer release.</exception>
    /// <exception cref="DbException">The database could not be reached or refused.</exception>
    public static async Task ApplyAsync(DbDataSource dataSource, SqlDialect dialect, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(dataSource);
        var connection = await dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        await using (connection.ConfigureAwait(Systematic.KeepContext))
        {
            // CREATE INDEX IF NOT EXISTS locks its table before it looks: the start of one node would wait for every open deletion, and all later ones for it.
            if (await IsThereAsync(connection, dialect, cancellationToken).ConfigureAwait(Systematic.KeepContext))
            {
                return;
            }

            var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
            await using (transaction.ConfigureAwait(Systematic.KeepContext))
            {
                var command = connection.CreateCommand();
                await using (command.ConfigureAwait(Systematic.KeepContext))
                {
                    command.Transaction = transaction;
                    command.CommandText = GetScript(dialect);
                    await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
                    command.CommandText = "SELECT MAX(version) FROM resilience_file_schema";
                    var found = Convert.ToInt32(
                        await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext), CultureInfo.InvariantCulture);
                    ThrowIfNewer(found);
                }

                await transaction.CommitAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
            }
        }
    }

    private static async Task<bool> IsThereAsync(DbConnection connection, SqlDialect dialect, CancellationToken cancellationToken)
    {
        var command = connection.CreateCommand();
        await using (command.ConfigureAwait(Systematic.KeepContext))
        {
            command.CommandText = dialect == SqlDialect.Sqlite
                ? "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'resilience_file_schema'"
                : "SELECT COUNT(to_regclass('resilience_file_schema'))";
            if (Convert.ToInt32(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext), CultureInfo.InvariantCulture) == 0)
            {
                return false;
            }

            command.CommandText = "SELECT COALESCE(MAX(version), 0) FROM resilience_file_schema";
            var found = Convert.ToInt32(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext), CultureInfo.InvariantCulture);
            ThrowIfNewer(found);
            return found == Version;
        }
    }

    internal static void ThrowIfNewer(int found)
    {
        if (found > Version)
        {
            throw new NotSupportedException(string.Create(
                CultureInfo.InvariantCulture,
                $"The tables resilience_file_* have version {found}; this release knows {Version}. Update Resilience.Storage on this node."));
        }
    }
}
