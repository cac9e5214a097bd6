using Resilience.Benchmarks;

namespace Resilience.LoadTests.Sse;

/// <summary>What an idle stream costs above a request that is merely held open.</summary>
internal sealed class SseIdleMemory : ILoadTest
{
    private const int Connections = 4000;

    public string Question => "How much managed memory does an idle connection take, and how much of it is ours?";

    public async Task<LoadTestResult> RunAsync(CancellationToken cancellationToken)
    {
        var bare = await MeasureAsync("bare");
        var ours = await MeasureAsync("resilience");
        var idiom = await MeasureAsync("idiom");
        return new LoadTestResult(
            [
                new ResultRow("Bare Kestrel handler that holds the request open", bare, "B/connection", 1),
                new ResultRow("Resilience.Sse", ours, "B/connection", ours / bare),
                new ResultRow("TypedResults.ServerSentEvents + bounded channel", idiom, "B/connection", idiom / bare),
            ],
            FormattableString.Invariant($"Resilience.Sse takes {ours - bare:0} B per connection above the bare handler; the promise is at most 1,024 B."));
    }

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
