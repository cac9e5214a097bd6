using Microsoft.AspNetCore.Builder;
using Resilience.TestKit;

namespace Messaging.Tests;

/// <summary>The data of an application on one of the databases, in which it is started as often as a test likes.</summary>
public sealed class AppHome : IAsyncDisposable
{
    public const string Sqlite = "Sqlite";
    public const string PostgreSql = "PostgreSql";

    private readonly TempFolder _folder = new("home");
    private readonly PostgreSqlDatabase? _database;

    private AppHome(PostgreSqlDatabase? database) => _database = database;

    public string Folder => _folder.FullPath;

    /// <summary>The way to the database of PostgreSQL.</summary>
    public string ConnectionString => (_database ?? throw new InvalidOperationException("Nothing is on a server here.")).ConnectionString;

    /// <summary>What puts the application on this database.</summary>
    public IReadOnlyList<string> Settings => _database is null
        ? []
        :
        [
            "--Storage:Provider=PostgreSql", $"--ConnectionStrings:PostgreSql={_database.ConnectionString}",

            // The server of the tests does not sync its files, and deletions would say so.
            "--Attachments:Deletion:RequireDurableCommits=false",
        ];

    public static async Task<AppHome> CreateAsync(string provider) =>
        new(provider == PostgreSql ? await (await PostgreSqlServer.SharedAsync()).CreateDatabaseAsync() : null);

    public Task<TestApp> StartAsync(IEnumerable<string>? settings = null, Action<WebApplicationBuilder>? configure = null) =>
        TestApp.StartAsync(Folder, [.. Settings, .. settings ?? []], configure);

    public async ValueTask DisposeAsync()
    {
        if (_database is not null)
        {
            await _database.DisposeAsync();
        }

        _folder.Dispose();
    }
}
