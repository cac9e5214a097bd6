using System.Data.Common;
using Microsoft.Data.Sqlite;
using Resilience.TestKit;

namespace Resilience.Storage.Tests.Support;

/// <summary>A database with the application's table, of one dialect.</summary>
public interface ITestDatabase : IAsyncDisposable
{
    SqlDialect Dialect { get; }

    DbDataSource Source { get; }

    Task ExecuteAsync(string sql);
}

public sealed class SqliteTestDatabase : ITestDatabase
{
    private readonly SqliteFile _file = new();

    public SqlDialect Dialect => SqlDialect.Sqlite;

    public string ConnectionString => _file.ConnectionString;

    public DbDataSource Source => SqliteFactory.Instance.CreateDataSource(_file.ConnectionString);

    public Task ExecuteAsync(string sql)
    {
        _file.Execute(sql);
        return Task.CompletedTask;
    }

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

    public ValueTask DisposeAsync() => database.DisposeAsync();
}
