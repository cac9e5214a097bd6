using System.Collections.Concurrent;
using System.Globalization;
using Npgsql;

namespace Resilience.TestKit;

public sealed partial class PostgreSqlServer
{
    private static long _lastDatabase;
    private readonly ConcurrentDictionary<string, Lazy<Task<string>>> _templates = new(StringComparer.Ordinal);

    /// <summary>Creates an empty database of its own for a test or a test class.</summary>
    /// <returns>Dispose it to drop the database, with whatever connections it still has.</returns>
    public Task<PostgreSqlDatabase> CreateDatabaseAsync() => CreateFromAsync("template1");

    /// <summary>Creates a database as a copy of a template that is built once per server: much cheaper than to run the same schema again and again.</summary>
    /// <param name="template">Name of the template; the first call for a name builds it.</param>
    /// <param name="build">Creates schema and data, on a connection to the template.</param>
    /// <returns>Dispose it to drop the database, with whatever connections it still has.</returns>
    public async Task<PostgreSqlDatabase> CreateDatabaseAsync(string template, Func<NpgsqlConnection, Task> build)
    {
        ArgumentNullException.ThrowIfNull(build);
        var name = await _templates.GetOrAdd(template, _ => new Lazy<Task<string>>(() => BuildTemplateAsync(build))).Value.ConfigureAwait(false);
        return await CreateFromAsync(name).ConfigureAwait(false);
    }

    internal async Task ExecuteAsync(string sql)
    {
        var connection = new NpgsqlConnection(ConnectionString);
        await using (connection.ConfigureAwait(false))
        {
            await connection.OpenAsync().ConfigureAwait(false);
#pragma warning disable CA2100 // The names in it are made by this class.
            var command = new NpgsqlCommand(sql, connection);
#pragma warning restore CA2100
            await using (command.ConfigureAwait(false))
            {
                await command.ExecuteNonQueryAsync().ConfigureAwait(false);
            }
        }
    }

    private static string NewName() => string.Create(CultureInfo.InvariantCulture, $"t{Environment.ProcessId}_{Interlocked.Increment(ref _lastDatabase)}");

    private async Task<PostgreSqlDatabase> CreateFromAsync(string template)
    {
        var name = NewName();
        await ExecuteAsync($"CREATE DATABASE {name} TEMPLATE {template}").ConfigureAwait(false);
        return new PostgreSqlDatabase(this, name);
    }

    private async Task<string> BuildTemplateAsync(Func<NpgsqlConnection, Task> build)
    {
        var database = await CreateDatabaseAsync().ConfigureAwait(false);
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(database.ConnectionString) { Pooling = false }.ConnectionString);
        await using (connection.ConfigureAwait(false))
        {
            await connection.OpenAsync().ConfigureAwait(false);
            await build(connection).ConfigureAwait(false);
        }

        return database.Name;
    }
}
