using Resilience.Benchmarks;

namespace Resilience.LoadTests.Sse;

/// <summary>What an idle stream costs above a request that is merely held open.</summary>
internal sealed class SseIdleMemory : ILoadTest
{
    private const int Connections = 4000;
    private const int Rounds = 7;

    private static readonly (string Variant, string Case)[] Cases =
    [
        ("bare", "Bare Kestrel handler that holds the request open"),
        ("resilience", "Resilience.Sse"),
        ("idiom", "TypedResults.ServerSentEvents + bounded channel"),
    ];

    public string Question => "How much managed memory does an idle connection take, and how much of it is ours?";

    public async Task<LoadTestResult> RunAsync(CancellationToken cancellationToken)
    {
        var costs = Cases.Select(static _ => new List<double>()).ToArray();
        for (var round = 0; round < Rounds; round++)
        {
            for (var i = 0; i < Cases.Length; i++)
            {
                costs[i].Add(await MeasureAsync(Cases[i].Variant));
            }
        }

        var above = costs[1].Zip(costs[0], static (ours, bare) => ours - bare).ToList();
        return new LoadTestResult(
            [.. Cases.Select((one, i) => new ResultRow(one.Case, Median(costs[i]), "B/connection", Median(costs[i]) / Median(costs[0])))],
            FormattableString.Invariant($"Medians of {Rounds} alternating rounds, each in processes of its own: what the runtime keeps besides differs by some bytes for each connection. ")
            + FormattableString.Invariant($"Resilience.Sse takes {Median(above):0} B per connection above the bare handler ({above.Min():0} to {above.Max():0}); the promise is at most 1,024 B."));
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private static async Task<double> MeasureAsync(string variant)
    {
        var server = await SseServerTarget.StartAsync(variant);
        await using var clients = new SseClients(server);
        await clients.OpenAsync(200);
        var before = await server.MemoryAsync();
        await clients.OpenAsync(Connections);
        return (await server.MemoryAsync() - before) / (double)Connections;
    }
}
