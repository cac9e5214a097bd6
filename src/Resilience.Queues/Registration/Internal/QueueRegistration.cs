using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Resilience.Queues;

/// <summary>What is known about a queue before it exists. Changed only while services are being registered.</summary>
internal abstract class QueueRegistration(string name)
{
    public string Name { get; } = name;

    public abstract Type ItemType { get; }

    public bool HasWorker { get; set; }

    public abstract (IDelayedQueue Queue, QueueMonitor Monitor) Resolve(IServiceProvider provider);
}

internal sealed class QueueRegistration<T>(string name) : QueueRegistration(name)
{
    public override Type ItemType => typeof(T);

    public Func<IServiceProvider, DelayedQueueContext, IDelayedQueueStore<T>> Store { get; set; } = static (_, context) => new InMemoryQueueStore<T>(context);

    public static IDelayedQueue<T> Only(IServiceProvider provider)
    {
        var all = provider.GetServices<QueueRegistration>().OfType<QueueRegistration<T>>().ToArray();
        return all.Length == 1
            ? provider.GetRequiredKeyedService<DelayedQueue<T>>(all[0].Name)
            : throw new InvalidOperationException(
                $"There are {all.Length} queues with items of type {typeof(T)} ({string.Join(", ", all.Select(static one => one.Name))}); ask for one by its name with [FromKeyedServices].");
    }

    public override (IDelayedQueue Queue, QueueMonitor Monitor) Resolve(IServiceProvider provider)
    {
        var queue = provider.GetRequiredKeyedService<DelayedQueue<T>>(Name);
        return (queue, queue.Monitor);
    }

    public DelayedQueue<T> Create(IServiceProvider provider)
    {
        var options = provider.GetRequiredService<IOptionsMonitor<DelayedQueueOptions>>().Get(Name);
        var context = new DelayedQueueContext(Name, options, provider.GetRequiredService<TimeProvider>());
        var store = Store(provider, context);
        var logger = Loggers.Create(provider);
        var monitor = new QueueMonitor(context, store.Backend, provider.GetRequiredService<QueuesMetrics>(), logger);
        return new DelayedQueue<T>(context, store, monitor, RandomSource.Create(provider));
    }
}

/// <summary>The logger of the package; none where the application logs nothing.</summary>
internal static class Loggers
{
    public static ILogger Create(IServiceProvider provider) =>
        provider.GetService<ILoggerFactory>()?.CreateLogger(QueuesTelemetryNames.MeterName) ?? NullLogger.Instance;
}

/// <summary>The source of randomness: the application's when it registers one, else one with a seed of its own.</summary>
internal static class RandomSource
{
    public static Random Create(IServiceProvider provider) =>
        provider.GetService<Random>() ?? new Random(System.Security.Cryptography.RandomNumberGenerator.GetInt32(int.MaxValue));
}
