using Resilience.Benchmarks;

namespace Resilience.LoadTests.Sse;

/// <summary>From a hundred connections to as many as the open-file limit lets client and server have on one machine.</summary>
internal sealed class SseGrowth : ILoadTest
{
    private const int Deliveries = 90_000;

    private static readonly int[] Sizes = [100, 1000, 3000, 9000];

    public string Question => "How do processor time per delivery and memory per connection grow from 100 to 9,000 connections?";

    public async Task<LoadTestResult> RunAsync(CancellationToken cancellationToken)
    {
        var server = await SseServerTarget.StartAsync("resilience");
        await using var clients = new SseClients(server);
        var rows = new List<ResultRow>();
        var open = 0;
        double? firstCost = null;
        double? firstMemory = null;
        var empty = await server.MemoryAsync();
        foreach (var size in Sizes)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await clients.OpenAsync(size - open);
            open = size;
            await clients.PublishAsync(Deliveries / size, 1);
            var cost = (await clients.PublishAsync(Deliveries / size, 1)).CpuPerDelivery;
            var burst = (await clients.PublishAsync(Math.Max(2, Deliveries / size / 4), 64)).CpuPerDelivery;
            var memory = (await server.MemoryAsync() - empty) / (double)size;
            rows.Add(new ResultRow(FormattableString.Invariant($"Resilience.Sse, {size:#,0} connections, 1 in flight"), cost, "us CPU/delivery", cost / (firstCost ??= cost)));
            rows.Add(new ResultRow(FormattableString.Invariant($"Resilience.Sse, {size:#,0} connections, 64 in flight"), burst, "us CPU/delivery"));
            rows.Add(new ResultRow(FormattableString.Invariant($"Resilience.Sse, {size:#,0} connections, managed memory"), memory, "B/connection", memory / (firstMemory ??= memory)));
        }

        return new LoadTestResult(rows, "One server grows. The ratio is to 100 connections. Memory is the managed heap after a collection, the buffers that the server's pools keep after the burst and the retained events included; what an idle connection takes is in SseIdleMemory.");
    }
}
