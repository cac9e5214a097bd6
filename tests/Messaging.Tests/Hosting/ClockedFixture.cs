using Resilience.TestKit;

namespace Messaging.Tests;

/// <summary>
/// One application for the tests of a class, with a clock that they advance. A lease outlasts every step of that clock, however long a delivery takes meanwhile,
/// and no stream is asked for its session within one.
/// </summary>
public abstract class ClockedFixture(string provider) : IAsyncLifetime
{
    private AppHome _home = null!;

    public TestApp App { get; private set; } = null!;

    public ManualTimeProvider Time { get; } = new();

    internal string Database => provider;

    public async ValueTask InitializeAsync()
    {
        _home = await AppHome.CreateAsync(provider);
        App = await _home.StartAsync([Scheduling.LongLease, "--Sse:TokenRevalidationInterval=1.00:00:00"], builder => Replace.Time(builder, Time));
    }

    public async ValueTask DisposeAsync()
    {
        await App.DisposeAsync();
        await _home.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Lets time pass, and what becomes due be handled.</summary>
    internal Task PassAsync(int seconds)
    {
        Time.Advance(TimeSpan.FromSeconds(seconds));
        return App.QuietAsync(Time);
    }
}

/// <summary>On the embedded default.</summary>
public sealed class ClockedSqlite() : ClockedFixture(AppHome.Sqlite);

/// <summary>On PostgreSQL.</summary>
public sealed class ClockedPostgreSql() : ClockedFixture(AppHome.PostgreSql);
