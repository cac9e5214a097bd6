using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Resilience.TestKit;
using StackExchange.Redis;

namespace Resilience.Data.Redis.Tests.Support;

/// <summary>A node: the fenced cache as an application registers it, on its own connection.</summary>
internal sealed class RedisNode : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    public RedisNode(
        RedisServer server,
        string prefix,
        Action<FencedCacheOptions>? configure = null,
        int groups = 1,
        string? configuration = null,
        bool patient = false,
        TimeProvider? time = null)
    {
        var services = new ServiceCollection();
        if (time is null && (patient || configuration is null))
        {
            // A server that nobody takes away is never given up, however long something stands still.
            time = new PatientTimeProvider();
        }

        if (time is not null)
        {
            services.AddSingleton(time);
        }

        services.AddMetrics();
        services.AddLogging(logging => logging.AddProvider(Logs));
        services.AddFencedCache(configure).UseRedis(o =>
        {
            o.Configuration = configuration ?? $"{server.Configuration},connectTimeout=20000";
            o.KeyPrefix = prefix.Replace(':', '.');
            o.SlotGroups = groups;
        });
        _services = services.BuildServiceProvider();
        Metrics = new MetricCollector(_services.GetRequiredService<System.Diagnostics.Metrics.IMeterFactory>(), DataTelemetryNames.Meter);
        Cache = _services.GetRequiredService<FencedCache>();
        Store = _services.GetRequiredService<ISharedCacheStore>();
    }

    /// <summary>For a server that goes away and comes back: the client tries as often as it waits for a connection.</summary>
    public static string TriesOften(RedisServer server) => $"{server.Configuration},connectTimeout=1000,syncTimeout=2000";

    public FencedCache Cache { get; }

    public ISharedCacheStore Store { get; }

    public LogCollector Logs { get; } = new();

    public MetricCollector Metrics { get; }

    /// <summary>Ends when the server answers this node; nothing of the cache is asked for that.</summary>
    public Task WhenConnectedAsync() => Watchdog.UntilAsync(async () =>
    {
        try
        {
            await Store.ReadManyAsync([new SharedRead("connected", [])], default);
            return true;
        }
        catch (Exception exception) when (exception is RedisConnectionException or RedisServerException or TimeoutException)
        {
            return false;
        }
    });

    public async ValueTask DisposeAsync()
    {
        Metrics.Dispose();
        await _services.DisposeAsync();
    }
}
