using System.Data.Common;
using Messaging.Database;
using Microsoft.Data.Sqlite;

namespace Resilience.TestKit;

/// <summary>
/// A SQLite database in a temporary file with a write-ahead log, as an application has it: several connections, and processes, work on it at once. Thread-safe.
/// </summary>
public sealed class SqliteFile : IDisposable
{
    private readonly TempFolder _folder = new("sqlite");

    static SqliteFile() => SQLitePCL.Batteries_V2.Init();

    /// <summary>Creates the database.</summary>
    /// <param name="writeAheadLog">Whether it has a write-ahead log (kept in the file from then on).</param>
    public SqliteFile(bool writeAheadLog = true)
    {
        ConnectionString = new SqliteConnectionStringBuilder
        {
            DataSource = FullPath,
            Mode = SqliteOpenMode.ReadWriteCreate,
            Cache = SqliteCacheMode.Private,

            // The provider asks for a lock every 150 ms and not in a line: among busy writers, or on a machine that stands still, a few seconds may be too few.
            DefaultTimeout = 30,
        }.ConnectionString;
        Execute(writeAheadLog ? "PRAGMA journal_mode = WAL" : "PRAGMA journal_mode = DELETE");
    }

    /// <summary>The database file.</summary>
    public string FullPath => _folder.PathOf("test.db");

    /// <summary>Connection string of the file: private cache, 30 s of patience with locks.</summary>
    public string ConnectionString { get; }

    /// <summary>Opens a connection.</summary>
    /// <returns>The caller disposes it.</returns>
    public SqliteConnection Open()
    {
        var connection = new PooledSqliteConnection(ConnectionString);
        connection.Open();
        return connection;
    }

    /// <summary>A data source as an application has it. Unlike the provider's own, it never lends one connection to two that ask at the same time.</summary>
    /// <param name="connectionString">A file's <see cref="ConnectionString"/>, with more settings or without.</param>
    /// <returns>The caller disposes it.</returns>
    public static DbDataSource CreateDataSource(string connectionString) => new Source(connectionString);

    /// <summary>Runs statements that return nothing; for set-up code whose text is constant.</summary>
    /// <param name="sql">One or more statements.</param>
    public void Execute(string sql)
    {
        using var connection = Open();
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // Set-up code of tests; values of tests never come here.
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }

    /// <summary>Closes the pooled connections and removes the file with its log.</summary>
    public void Dispose()
    {
        using (var connection = new SqliteConnection(ConnectionString))
        {
            SqliteConnection.ClearPool(connection);
        }

        _folder.Dispose();
    }

    private sealed class Source(string connectionString) : DbDataSource
    {
        public override string ConnectionString => connectionString;

        protected override DbConnection CreateDbConnection() => new PooledSqliteConnection(connectionString);
    }
}
