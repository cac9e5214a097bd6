using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Resilience.TestKit;

namespace Resilience.Queues.Conformance;

/// <summary>A queue over a store under test, as one process has it. Several over one store are several processes.</summary>
public sealed class QueueUnderTest : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    public QueueUnderTest(
        IDelayedQueueStore<string> store,
        TimeProvider time,
        Action<DelayedQueueOptions>? configure = null,
        Action<IDelayedQueueBuilder<string>>? build = null,
        Action<IServiceCollection>? addServices = null)
    {
        var services = new ServiceCollection();
        services.AddMetrics();
        services.AddSingleton(time);
        services.AddSingleton(new Random(1));
        services.AddSingleton<System.Diagnostics.Metrics.IMeterFactory>(Meters);
        services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Trace).AddProvider(Logs));
        services.AddHealthChecks().AddDelayedQueues();
        addServices?.Invoke(services);
        Metrics = new MetricCollector(Meters);
        var builder = services.AddDelayedQueue<string>("test", configure).UseStore((_, _) => new StoreDecorator(store));
        build?.Invoke(builder);
        _services = services.BuildServiceProvider();
        Queue = _services.GetRequiredService<IDelayedQueue<string>>();
    }

    public IDelayedQueue<string> Queue { get; }

    public IServiceProvider Services => _services;

    public TestMeterFactory Meters { get; } = new();

    public MetricCollector Metrics { get; }

    public LogCollector Logs { get; } = new();

    public async Task StartAsync()
    {
        foreach (var service in _services.GetServices<IHostedService>())
        {
            await service.StartAsync(CancellationToken.None);
        }
    }

    public async Task StopAsync()
    {
        foreach (var service in _services.GetServices<IHostedService>().Reverse())
        {
            await service.StopAsync(CancellationToken.None);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        Metrics.Dispose();
        Meters.Dispose();
    }
}
