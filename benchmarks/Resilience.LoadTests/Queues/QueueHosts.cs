using Microsoft.Extensions.DependencyInjection;
using Resilience.Queues;

namespace Resilience.LoadTests.Queues;

/// <summary>Queues as an application registers them.</summary>
internal static class QueueHosts
{
    public static ServiceProvider InMemory(int size)
    {
        var services = new ServiceCollection();
        services.AddMetrics();
        services.AddDelayedQueue<object>("bench", o => o.MaxSize = size);
        return services.BuildServiceProvider();
    }

    public static ServiceProvider Redis(string configuration, string prefix)
    {
        var services = new ServiceCollection();
        services.AddMetrics();
        services.AddDelayedQueue<byte[]>("bench", static o => o.MaxSize = 1_000_000)
            .UseRedis(o => (o.Configuration, o.KeyPrefix) = (configuration, prefix));
        return services.BuildServiceProvider();
    }

    /// <summary>Messages that are due in an hour, spread over a second hour.</summary>
    public static async Task FillAsync(IDelayedQueue<object> queue, int count, CancellationToken cancellationToken)
    {
        var item = new object();
        var random = new Random(1);
        var requests = new EnqueueRequest<object>[1000];
        for (var added = 0; added < count; added += requests.Length)
        {
            for (var i = 0; i < requests.Length; i++)
            {
                requests[i] = new EnqueueRequest<object>(item, TimeSpan.FromMilliseconds(3_600_000 + random.Next(3_600_000)));
            }

            await queue.EnqueueBatchAsync(requests, cancellationToken);
        }
    }
}
