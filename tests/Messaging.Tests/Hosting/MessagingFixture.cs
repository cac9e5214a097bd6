namespace Messaging.Tests;

/// <summary>One application for the tests of a class, on one of the databases.</summary>
public abstract class MessagingFixture(StoredIn database) : IAsyncLifetime
{
    public TestApp App { get; private set; } = null!;

    internal TestPlace Place { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Place = await TestPlace.CreateAsync(database, "messaging");
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
public sealed class SqliteMessaging() : MessagingFixture(StoredIn.Sqlite);

/// <summary>On PostgreSQL, by configuration alone.</summary>
public sealed class PostgreSqlMessaging() : MessagingFixture(StoredIn.PostgreSql);

/// <summary>A class of tests on one application. After each test the log has to be clean: whatever callers do wrong is no problem of the application.</summary>
public abstract class MessagingTests(MessagingFixture fixture) : IDisposable
{
    protected TestApp App => fixture.App;

    /// <summary>Where the application keeps its data; for tests that start another there, or read it.</summary>
    protected TestPlace Place => fixture.Place;

    public void Dispose()
    {
        App.ShouldHaveLoggedNoProblem();
        GC.SuppressFinalize(this);
    }
}
