using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Resilience.Benchmarks;
using Resilience.LoadTests.Peers;
using Resilience.Queues;
using Resilience.TestKit;
using StackExchange.Redis;

namespace Resilience.LoadTests.Queues;

/// <summary>Full cycles on one server, beside BullMQ on Node.js.</summary>
internal sealed class PeersBullMq : ILoadTest
{
    private const int Rounds = 3;

    private static readonly (int Batch, int Concurrency, int Adders, int Cycles)[] Theirs = [(1, 1, 1, 1_500), (100, 1, 1, 6_000), (100, 100, 1, 20_000), (100, 100, 4, 20_000)];
    private static readonly (int Batch, int Callers, int Cycles)[] Ours = [(1, 1, 6_000), (100, 1, 100_000), (100, 4, 100_000)];

    public string Question => "On one Redis server, 200-byte payload: what does a message cost from the enqueue to the end of its handling, beside BullMQ?";

    public async Task<LoadTestResult> RunAsync(CancellationToken cancellationToken)
    {
        await using var server = await RedisServer.StartNewAsync();
        await using var services = QueueHosts.Redis(server.Configuration, "bench");
        await using var peer = await PeerProcess.StartAsync("bullmq", "node", ["worker.mjs", .. server.Configuration.Split(',')[0].Split(':')]);
        using var connection = await ConnectionMultiplexer.ConnectAsync(server.Configuration + ",allowAdmin=true");
        var queue = services.GetRequiredService<IDelayedQueue<byte[]>>();
        var costs = new Dictionary<string, List<(double Elapsed, double Server)>>();
        for (var round = -1; round < Rounds; round++)
        {
            foreach (var (batch, concurrency, adders, cycles) in Theirs)
            {
                await MeasureAsync($"BullMQ, adds of {batch}, {adders} at a time, concurrency {concurrency}", cycles, async () =>
                {
                    await peer.SendAsync(string.Create(CultureInfo.InvariantCulture, $"{cycles} {batch} {concurrency} {adders}"));
                    return double.Parse(await peer.ReceiveAsync(), CultureInfo.InvariantCulture) * 1000;
                });
            }

            foreach (var (batch, callers, cycles) in Ours)
            {
                await MeasureAsync($"Resilience.Queues.Redis, batches of {batch}, {callers} at a time", cycles, async () => 1e6 * cycles / await RedisCycles.RunAsync(queue, batch, cycles, callers));
            }

            async Task MeasureAsync(string name, int cycles, Func<Task<double>> run)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var cpu = await ServerCpu.ReadAsync(connection);
                var elapsed = await run();
                cpu = await ServerCpu.ReadAsync(connection) - cpu;
                if (round >= 0)
                {
                    (costs.TryGetValue(name, out var list) ? list : costs[name] = []).Add((elapsed / cycles, cpu / cycles));
                }
            }
        }

        var fastest = costs.Where(static one => one.Key.StartsWith("BullMQ", StringComparison.Ordinal)).Min(static one => Median(one.Value, static cost => cost.Elapsed));
        var rows = costs.Select(one => new ResultRow(one.Key, Median(one.Value, static cost => cost.Elapsed), "us/cycle", Median(one.Value, static cost => cost.Elapsed) / fastest))
            .Concat(costs.Select(static one => new ResultRow($"{one.Key}, processor time of the server", Median(one.Value, static cost => cost.Server), "us/cycle")));
        return new LoadTestResult(
            [.. rows],
            "Target: a cycle in batches of 100 costs at most 0.2 of BullMQ's fastest, which is the baseline of the ratios.",
            $"Medians of {Rounds} alternating runs; BullMQ 6.7.0 with ioredis on Node.js, queue and worker in one process, jobs removed when done, a handler that does nothing. Ours: callers that enqueue, claim and acknowledge one batch after the other, in one process. One server without persistence, all on one machine.");
    }

    private static double Median<TItem>(List<TItem> values, Func<TItem, double> select) => values.Select(select).Order().ElementAt(values.Count / 2);
}
