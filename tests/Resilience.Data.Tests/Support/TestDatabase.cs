using System.Data.Common;
using System.Globalization;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Resilience.Data.Tests.Support;

/// <summary>A database of one test: created empty, dropped at the end.</summary>
internal sealed class TestDatabase : IAsyncDisposable
{
    private static readonly string Server = Environment.GetEnvironmentVariable("RESILIENCE_POSTGRES")
        ?? throw new InvalidOperationException("RESILIENCE_POSTGRES names no server; run the tests with ./test.sh.");

    private static int _count;

    private readonly Func<ValueTask> _drop;

    private TestDatabase(SqlDialect dialect, DbDataSource source, string connectionString, Func<ValueTask> drop)
    {
        Dialect = dialect;
        Source = source;
        ConnectionString = connectionString;
        _drop = drop;
    }

    public SqlDialect Dialect { get; }

    public DbDataSource Source { get; }

    public string ConnectionString { get; }

    public static Task<TestDatabase> CreateAsync(SqlDialect dialect, string? schema = null) =>
        dialect == SqlDialect.PostgreSql ? PostgreSqlAsync(schema) : SqliteAsync(schema);

    public static async Task<TestDatabase> PostgreSqlAsync(string? schema = null)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"data_{Environment.ProcessId}_{Interlocked.Increment(ref _count)}");
        await using var server = NpgsqlDataSource.Create(Server);
        await RunAsync(server, $"CREATE DATABASE {name}");
        var connectionString = new NpgsqlConnectionStringBuilder(Server) { Database = name, MaxPoolSize = 40, IncludeErrorDetail = false }.ConnectionString;
        var source = NpgsqlDataSource.Create(connectionString);
        var database = new TestDatabase(SqlDialect.PostgreSql, source, connectionString, async () =>
        {
            await source.DisposeAsync();
            await using var again = NpgsqlDataSource.Create(Server);
            await RunAsync(again, $"DROP DATABASE {name} WITH (FORCE)");
        });
        await database.RunAsync(schema);
        return database;
    }

    public static async Task<TestDatabase> SqliteAsync(string? schema = null)
    {
        SQLitePCL.Batteries_V2.Init();
        var folder = Directory.CreateTempSubdirectory("data-tests");
        var connectionString = $"Data Source={Path.Combine(folder.FullName, "test.db")}";
        var source = SqliteFactory.Instance.CreateDataSource(connectionString);
        var database = new TestDatabase(SqlDialect.Sqlite, source, connectionString, () =>
        {
            SqliteConnection.ClearAllPools();
            folder.Delete(recursive: true);
            return ValueTask.CompletedTask;
        });
        await database.RunAsync("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;");
        await database.RunAsync(schema);
        return database;
    }

    public Task RunAsync(string? sql) => string.IsNullOrEmpty(sql) ? Task.CompletedTask : RunAsync(Source, sql);

    public async Task<T> ScalarAsync<T>(string sql)
    {
        await using var command = Source.CreateCommand(sql);
        return (T)Convert.ChangeType((await command.ExecuteScalarAsync())!, typeof(T), CultureInfo.InvariantCulture);
    }

    public ValueTask DisposeAsync() => _drop();

    private static async Task RunAsync(DbDataSource source, string sql)
    {
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
