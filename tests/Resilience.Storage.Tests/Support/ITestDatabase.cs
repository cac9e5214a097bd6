using System.Data.Common;
using Resilience.TestKit;

namespace Resilience.Storage.Tests.Support;

/// <summary>A database with the application's table, of one dialect.</summary>
public interface ITestDatabase : IAsyncDisposable
{
    SqlDialect Dialect { get; }

    DbDataSource Source { get; }

    Task ExecuteAsync(string sql);

    /// <summary>
    /// Ends when nothing of a killed process works on any more. A server's session outlives its client for a moment: it may commit what it had been sent, and
    /// recovery leaves out rows whose locks it still holds.
    /// </summary>
    Task WhenLeftByAsync(string applicationName);
}

public sealed class SqliteTestDatabase : ITestDatabase
{
    private readonly SqliteFile _file = new();

    public SqlDialect Dialect => SqlDialect.Sqlite;

    public string ConnectionString => _file.ConnectionString;

    public DbDataSource Source => SqliteFile.CreateDataSource(_file.ConnectionString);

    public Task ExecuteAsync(string sql)
    {
        _file.Execute(sql);
        return Task.CompletedTask;
    }

    // The kernel freed its locks with the process.
    public Task WhenLeftByAsync(string applicationName) => Task.CompletedTask;

    public ValueTask DisposeAsync()
    {
        _file.Dispose();
        return ValueTask.CompletedTask;
    }
}

public sealed class PostgreSqlTestDatabase(PostgreSqlDatabase database) : ITestDatabase
{
    public SqlDialect Dialect => SqlDialect.PostgreSql;

    public DbDataSource Source => database.DataSource;

    public string ConnectionString => database.ConnectionString;

    public static async Task<ITestDatabase> CreateAsync()
    {
        var server = await PostgreSqlServer.SharedAsync();
        return new PostgreSqlTestDatabase(await server.CreateDatabaseAsync());
    }

    public Task ExecuteAsync(string sql) => database.ExecuteAsync(sql);

    public Task WhenLeftByAsync(string applicationName) => Watchdog.UntilAsync(async () =>
    {
        await using var command = database.DataSource.CreateCommand("SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1");
        var name = command.CreateParameter();
        name.Value = applicationName;
        command.Parameters.Add(name);
        return (long)(await command.ExecuteScalarAsync())! == 0;
    });

    public ValueTask DisposeAsync() => database.DisposeAsync();
}
