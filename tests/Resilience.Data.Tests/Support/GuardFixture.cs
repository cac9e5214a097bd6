using System.Data.Common;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Resilience.TestKit;

namespace Resilience.Data.Tests.Support;

/// <summary>Guarded transactions with their services on a database of their own.</summary>
internal sealed class GuardFixture : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    private GuardFixture(TestDatabase database, DbDataSource source, Action<GuardedTransactionOptions>? configure, TimeProvider? time)
    {
        Database = database;
        var services = new ServiceCollection();
        services.AddMetrics();
        services.AddLogging(logging => logging.AddProvider(Logs));
        services.AddSingleton(source);
        services.AddSingleton(time ?? TimeProvider.System);
        services.AddGuardedTransactions(options =>
        {
            Forum.Order(options);
            configure?.Invoke(options);
        });
        _services = services.BuildServiceProvider();
        Metrics = new MetricCollector(_services.GetRequiredService<System.Diagnostics.Metrics.IMeterFactory>(), DataTelemetryNames.Meter);
        Transactions = _services.GetRequiredService<IGuardedTransactions>();
    }

    public TestDatabase Database { get; }

    public LogCollector Logs { get; } = new();

    public MetricCollector Metrics { get; }

    public IGuardedTransactions Transactions { get; }

    public static async Task<GuardFixture> CreateAsync(
        SqlDialect dialect, Action<GuardedTransactionOptions>? configure = null, TimeProvider? time = null, Func<DbDataSource, DbDataSource>? wrap = null)
    {
        var database = await TestDatabase.CreateAsync(dialect, Forum.Schema);
        return new GuardFixture(database, wrap is null ? database.Source : wrap(database.Source), configure, time);
    }

    /// <summary>For tests in which transactions wait for each other: whatever stands still meanwhile, no wait comes to its limit.</summary>
    public static void Patient(GuardedTransactionOptions options) =>
        (options.LockTimeout, options.StatementTimeout, options.IdleTimeout) = (TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(2));

    public async ValueTask DisposeAsync()
    {
        Metrics.Dispose();
        await _services.DisposeAsync();
        await Database.DisposeAsync();
    }
}
