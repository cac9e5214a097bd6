using Resilience.TestKit;

namespace Messaging.Tests;

/// <summary>One application for the tests of a class, on one of the databases.</summary>
public abstract class MessagingFixture : IAsyncLifetime
{
    private readonly TempFolder _data = new("messaging");

    public TestApp App { get; private set; } = null!;

    public async ValueTask InitializeAsync() => App = await TestApp.StartAsync(_data.FullPath, await SettingsAsync());

    public virtual async ValueTask DisposeAsync()
    {
        await App.DisposeAsync();
        _data.Dispose();
        GC.SuppressFinalize(this);
    }

    protected abstract ValueTask<IEnumerable<string>> SettingsAsync();
}

/// <summary>The embedded default.</summary>
public sealed class SqliteMessaging : MessagingFixture
{
    protected override ValueTask<IEnumerable<string>> SettingsAsync() => ValueTask.FromResult<IEnumerable<string>>([]);
}

/// <summary>On PostgreSQL, by configuration alone.</summary>
public sealed class PostgreSqlMessaging : MessagingFixture
{
    private readonly PostgreSqlFixture _server = new();

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await _server.DisposeAsync();
    }

    protected override async ValueTask<IEnumerable<string>> SettingsAsync()
    {
        await _server.InitializeAsync();
        return
        [
            "--Storage:Provider=PostgreSql", $"--ConnectionStrings:PostgreSql={_server.Database.ConnectionString}",

            // The server of the tests does not sync its files, and deletions would say so.
            "--Attachments:Deletion:RequireDurableCommits=false",
        ];
    }
}

/// <summary>A class of tests on one application. After each test the log has to be clean: whatever callers do wrong is no problem of the application.</summary>
public abstract class MessagingTests(MessagingFixture fixture) : IDisposable
{
    protected TestApp App => fixture.App;

    public void Dispose()
    {
        App.ShouldHaveLoggedNoProblem();
        GC.SuppressFinalize(this);
    }
}
