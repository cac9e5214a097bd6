using System.Data.Common;
using Resilience.TestKit;

namespace Resilience.Data.Tests.Support;

/// <summary>A query monitor on a database of its own.</summary>
internal sealed class MonitorFixture : IAsyncDisposable
{
    private readonly TestMeterFactory _meters = new();

    public MonitorFixture(TestDatabase? database = null, Action<QueryMonitorOptions>? configure = null, TimeProvider? time = null)
    {
        var options = new QueryMonitorOptions();
        configure?.Invoke(options);
        Collected = new MetricCollector(_meters, DataTelemetryNames.Meter);
        Monitor = new QueryMonitor(options, time ?? TimeProvider.System, new DataMetrics(_meters), Logs.CreateLogger<QueryMonitor>());
        Database = database!;
        Source = database is null ? null! : new MonitoredDbDataSource(database.Source, Monitor);
    }

    public TestDatabase Database { get; }

    public DbDataSource Source { get; }

    public QueryMonitor Monitor { get; }

    public LogCollector Logs { get; } = new();

    public MetricCollector Collected { get; }

    public static async Task<MonitorFixture> CreateAsync(SqlDialect dialect, Action<QueryMonitorOptions>? configure = null, TimeProvider? time = null) =>
        new(await TestDatabase.CreateAsync(dialect, Forum.Schema), configure, time);

    public async ValueTask DisposeAsync()
    {
        Collected.Dispose();
        _meters.Dispose();
        if (Database is not null)
        {
            await Database.DisposeAsync();
        }
    }
}
