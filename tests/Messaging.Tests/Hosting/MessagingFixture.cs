namespace Messaging.Tests;

/// <summary>One application for the tests of a class, on one of the databases.</summary>
public abstract class MessagingFixture(string database) : IAsyncLifetime
{
    private AppHome _home = null!;

    public TestApp App { get; private set; } = null!;

    internal string Database => database;

    public async ValueTask InitializeAsync()
    {
        _home = await AppHome.CreateAsync(database);
        App = await _home.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await App.DisposeAsync();
        await _home.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}

/// <summary>The embedded default.</summary>
public sealed class SqliteMessaging() : MessagingFixture(AppHome.Sqlite);

/// <summary>On PostgreSQL, by configuration alone.</summary>
public sealed class PostgreSqlMessaging() : MessagingFixture(AppHome.PostgreSql);

/// <summary>A class of tests on one application. After each test the log has to be clean: whatever callers do wrong is no problem of the application.</summary>
public abstract class MessagingTests(MessagingFixture fixture) : IDisposable
{
    protected TestApp App => fixture.App;

    /// <summary>Where a test starts an application of its own, on the same database.</summary>
    protected Task<AppHome> NewHomeAsync() => AppHome.CreateAsync(fixture.Database);

    public void Dispose()
    {
        App.ShouldHaveLoggedNoProblem();
        GC.SuppressFinalize(this);
    }
}
