using Microsoft.Extensions.DependencyInjection;
using Resilience.Benchmarks;
using Resilience.Queues;
using Resilience.TestKit;

namespace Resilience.LoadTests.Queues;

/// <summary>Full cycles on Redis with batches of 1, 10 and 100.</summary>
internal sealed class QueueRedisBatches : ILoadTest
{
    private const int Rounds = 3;

    public string Question => "On Redis, 200-byte payload, one caller: what does a full cycle cost in batches of 1, 10 and 100?";

    public async Task<LoadTestResult> RunAsync(CancellationToken cancellationToken)
    {
        await using var server = await RedisServer.StartNewAsync();
        await using var services = QueueHosts.Redis(server.Configuration, "bench");
        var queue = services.GetRequiredService<IDelayedQueue<byte[]>>();
        var best = new Dictionary<int, double> { [1] = 0, [10] = 0, [100] = 0 };
        for (var round = -1; round < Rounds; round++)
        {
            foreach (var batch in best.Keys.ToArray())
            {
                cancellationToken.ThrowIfCancellationRequested();
                var rate = await RedisCycles.RunAsync(queue, batch, 1000 * Math.Min(batch, 30));
                best[batch] = round < 0 ? 0 : Math.Max(best[batch], rate);
            }
        }

        var rows = best.Select(one => new ResultRow($"Resilience.Queues.Redis, batches of {one.Key}", 1e6 / one.Value, "us/cycle", best[1] / one.Value)).ToList();
        return new LoadTestResult(rows, $"Target: a cycle in batches of 100 costs at most 0.2 of one in batches of 1. Best of {Rounds} alternating rounds, client and server on one machine.");
    }
}
