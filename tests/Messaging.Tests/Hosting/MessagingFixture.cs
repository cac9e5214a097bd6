namespace Messaging.Tests;

/// <summary>One application for the tests of a class, on one of the databases.</summary>
public abstract class MessagingFixture(string database) : IAsyncLifetime
{
    public TestApp App { get; private set; } = null!;

    internal AppHome Place { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Place = await AppHome.CreateAsync(database);
        App = await Place.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await App.DisposeAsync();
        await Place.DisposeAsync();
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

    /// <summary>Where the application keeps its data; for tests that start another there, or read it.</summary>
    protected AppHome Place => fixture.Place;

    public void Dispose()
    {
        App.ShouldHaveLoggedNoProblem();
        GC.SuppressFinalize(this);
    }
}
