using Microsoft.AspNetCore.Builder;
using Resilience.TestKit;

namespace Messaging.Tests;

/// <summary>The databases that the application runs on.</summary>
public enum StoredIn
{
    Sqlite,
    PostgreSql,
}

/// <summary>Where the applications of one test keep their data: a folder, and on PostgreSQL a database of its own. Both go with it.</summary>
public sealed class TestPlace : IAsyncDisposable
{
    private readonly TempFolder _folder;
    private readonly PostgreSqlDatabase? _database;

    private TestPlace(TempFolder folder, PostgreSqlDatabase? database)
    {
        _folder = folder;
        _database = database;
    }

    public string Folder => _folder.FullPath;

    /// <summary>The way to the database of PostgreSQL.</summary>
    public string ConnectionString => (_database ?? throw new InvalidOperationException("This place has no server.")).ConnectionString;

    /// <summary>The settings that put an application here.</summary>
    public IReadOnlyList<string> Settings => _database is null
        ? []
        :
        [
            "--Storage:Provider=PostgreSql", $"--ConnectionStrings:PostgreSql={_database.ConnectionString}",

            // The server of the tests does not sync its files, and deletions would say so.
            "--Attachments:Deletion:RequireDurableCommits=false",
        ];

    public static async Task<TestPlace> CreateAsync(StoredIn database, string name = "place") =>
        new(new TempFolder(name), database == StoredIn.PostgreSql ? await (await PostgreSqlServer.SharedAsync()).CreateDatabaseAsync() : null);

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
