using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Resilience.TestKit;

namespace Resilience.Data.Tests.Support;

/// <summary>A batch loader whose load function the test gives.</summary>
internal sealed class LoaderFixture : IAsyncDisposable
{
    private readonly ServiceProvider _services;
    private readonly AsyncServiceScope _scope;

    public LoaderFixture(BatchLoad<int, string> load, Action<BatchLoaderOptions>? configure = null)
    {
        var services = new ServiceCollection();
        services.AddMetrics();
        services.AddLogging(logging => logging.AddProvider(Logs));
        services.AddBatchLoader<int, string>("test", async (context, keys, token) =>
        {
            lock (Batches)
            {
                Batches.Add([.. keys]);
            }

            return await load(context, keys, token);
        }, configure);
        _services = services.BuildServiceProvider(validateScopes: true);
        _scope = _services.CreateAsyncScope();
        Metrics = new MetricCollector(_services.GetRequiredService<System.Diagnostics.Metrics.IMeterFactory>(), DataTelemetryNames.Meter);
        Loader = _scope.ServiceProvider.GetRequiredService<IBatchLoader<int, string>>();
    }

    public IBatchLoader<int, string> Loader { get; }

    public List<int[]> Batches { get; } = [];

    public LogCollector Logs { get; } = new();

    public MetricCollector Metrics { get; }

    public static Task<IReadOnlyDictionary<int, string>> Even(BatchContext context, IReadOnlyList<int> keys, CancellationToken token) =>
        Task.FromResult<IReadOnlyDictionary<int, string>>(keys.Where(static k => k % 2 == 0).ToDictionary(static k => k, static k => $"v{k}"));

    public async ValueTask DisposeAsync()
    {
        Metrics.Dispose();
        await _scope.DisposeAsync();
        await _services.DisposeAsync();
    }
}
