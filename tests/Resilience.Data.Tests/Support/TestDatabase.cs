using System.Data.Common;
using System.Globalization;
using Resilience.TestKit;

namespace Resilience.Data.Tests.Support;

/// <summary>A database of one test: created empty, dropped at the end.</summary>
internal sealed class TestDatabase : IAsyncDisposable
{
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
        var server = await PostgreSqlServer.SharedAsync();
        var created = await server.CreateDatabaseAsync();
        var database = new TestDatabase(SqlDialect.PostgreSql, created.DataSource, created.ConnectionString, created.DisposeAsync);
        await database.RunAsync(schema);
        return database;
    }

    public static async Task<TestDatabase> SqliteAsync(string? schema = null)
    {
        var file = new SqliteFile();
        var database = new TestDatabase(SqlDialect.Sqlite, SqliteFile.CreateDataSource(file.ConnectionString), file.ConnectionString, () =>
        {
            file.Dispose();
            return ValueTask.CompletedTask;
        });
        await database.RunAsync(schema);
        return database;
    }

    public async Task RunAsync(string? sql)
    {
        if (!string.IsNullOrEmpty(sql))
        {
            await using var command = Source.CreateCommand(sql);
            await command.ExecuteNonQueryAsync();
        }
    }

    public async Task<T> ScalarAsync<T>(string sql)
    {
        await using var command = Source.CreateCommand(sql);
        return (T)Convert.ChangeType((await command.ExecuteScalarAsync())!, typeof(T), CultureInfo.InvariantCulture);
    }

    public ValueTask DisposeAsync() => _drop();
}
