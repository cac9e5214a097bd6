using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace Messaging.Database;

/// <summary>
/// Connections to the embedded database. A commit is on the disk when it returns (write-ahead log, synchronous FULL), and foreign keys hold.
/// Safe for concurrent use; its connections are not.
/// </summary>
internal sealed class SqliteDataSource(string file) : DbDataSource
{
    // The time a writer waits for another process that has the file, as for any lock; writers of this process take turns before.
    private const int BusyMilliseconds = 2_000;

    public override string ConnectionString { get; } = new SqliteConnectionStringBuilder
    {
        DataSource = file,
        ForeignKeys = true,
        Pooling = true,
    }.ToString();

    protected override DbConnection CreateDbConnection() => new PooledSqliteConnection(ConnectionString);

    protected override DbConnection OpenDbConnection()
    {
        var connection = new PooledSqliteConnection(ConnectionString);
        try
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = $"PRAGMA busy_timeout={BusyMilliseconds}; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;";
            command.ExecuteNonQuery();
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    protected override ValueTask<DbConnection> OpenDbConnectionAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult(OpenDbConnection());
    }
}
