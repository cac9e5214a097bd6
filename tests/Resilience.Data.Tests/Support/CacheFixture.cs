using Microsoft.Extensions.DependencyInjection;
using Resilience.TestKit;

namespace Resilience.Data.Tests.Support;

/// <summary>A node with a fenced cache, and a clock.</summary>
internal sealed class CacheFixture : IDisposable
{
    private readonly TestMeterFactory _meters = new();

    public CacheFixture(ISharedCacheStore? store = null, Action<FencedCacheOptions>? configure = null, ManualTimeProvider? time = null, Action<IServiceCollection>? services = null)
    {
        Time = time ?? new ManualTimeProvider();
        var options = new FencedCacheOptions();
        configure?.Invoke(options);
        var collection = new ServiceCollection();
        services?.Invoke(collection);
        Metrics = new MetricCollector(_meters, DataTelemetryNames.Meter);
        Cache = new DefaultFencedCache(
            options, store, new CacheCodecs(collection.BuildServiceProvider()), Time, new Jitter(new Random(7)), new DataMetrics(_meters), Logs.CreateLogger<FencedCache>());
    }

    public DefaultFencedCache Cache { get; }

    public ManualTimeProvider Time { get; }

    public LogCollector Logs { get; } = new();

    public MetricCollector Metrics { get; }

    public double Requests(string result) => Metrics.Value("resilience.data.cache.requests", ("result", result));

    public void Dispose()
    {
        Cache.Dispose();
        Metrics.Dispose();
        _meters.Dispose();
    }
}
