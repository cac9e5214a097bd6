using Resilience.Benchmarks;

namespace Resilience.LoadTests.Sse;

/// <summary>Whether channels and connections that a publication does not concern cost it anything.</summary>
internal sealed class SseChannels : ILoadTest
{
    private const int ChannelsEach = 3;
    private const int SubscribersEach = 10;
    private const int Rounds = 3;
    private const int Portions = 1000;

    private static readonly (string Name, int Connections, int Channels)[] Cases =
    [
        ("Resilience.Sse, 30 connections, 9 channels", 30, 9),
        ("Resilience.Sse, 1,000 connections, 300 channels", 1000, 300),
        ("Resilience.Sse, 1,000 connections, 10,000 channels", 1000, 10_000),
    ];

    public string Question => "What does a delivery cost when each channel has ten subscribers, and each connection three channels, in a small hub and in a large one?";

    public async Task<LoadTestResult> RunAsync(CancellationToken cancellationToken)
    {
        var costs = Cases.ToDictionary(static c => c.Name, static _ => new List<double>());
        for (var round = 0; round < Rounds; round++)
        {
            foreach (var (name, connections, channels) in Cases)
            {
                cancellationToken.ThrowIfCancellationRequested();
                costs[name].Add(await MeasureAsync(connections, channels));
            }
        }

        var rows = Cases.Select(c => new ResultRow(c.Name, Median(costs[c.Name]), "us CPU/delivery", Median(costs[c.Name]) / Median(costs[Cases[0].Name])));
        return new LoadTestResult(
            [.. rows],
            "The ratio is to the small hub. Every channel has had an event, so that all of them are known to the hub; those with subscribers have ten each. One event is in flight at a time, to one channel after the other: nothing is sent together. Medians of three alternating runs, each in a fresh process.");
    }

    private static async Task<double> MeasureAsync(int connections, int channels)
    {
        var server = await SseServerTarget.StartAsync("resilience");
        await using var clients = new SseClients(server);

        // Ten connections in a row share their three channels.
        await clients.OpenAsync(connections, static i => "/events?channels=" + string.Join(',', Enumerable.Range(i / SubscribersEach * ChannelsEach, ChannelsEach).Select(static c => $"c{c}")));
        var busy = connections / SubscribersEach * ChannelsEach;
        await clients.DeliverAsync(1, busy * SubscribersEach, () => server.SpreadAsync(channels, 0, channels));
        var next = 0;
        await RunAsync();
        return await RunAsync();

        async Task<double> RunAsync() =>
            (await clients.DeliverAsync(Portions, SubscribersEach, () => server.SpreadAsync(1, next++ % busy, channels))).CpuPerDelivery;
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted[sorted.Length / 2];
    }
}
