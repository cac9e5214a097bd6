using Resilience.Benchmarks;

namespace Resilience.LoadTests.Sse;

/// <summary>Events of 100 bytes to 1,000 connections, beside the framework's own idiom and beside the floor.</summary>
internal sealed class SseFanOut : ILoadTest
{
    private const int Connections = 1000;
    private const int Rounds = 3;

    private static readonly string[] Variants = ["resilience", "idiom", "raw"];

    private static readonly (int InFlight, int Portions)[] Loads = [(1, 60), (4, 25), (64, 6)];

    public string Question => "What does it cost the server to deliver one event of 100 bytes to one of 1,000 connections, with 1, 4 and 64 publications in flight?";

    public async Task<LoadTestResult> RunAsync(CancellationToken cancellationToken)
    {
        var costs = new Dictionary<(string, int), List<(double Cpu, double PerSecond, double Allocated)>>();
        for (var round = 0; round < Rounds; round++)
        {
            foreach (var variant in Variants)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var server = await SseServerTarget.StartAsync(variant);
                await using var clients = new SseClients(server);
                await clients.OpenAsync(Connections);

                // Until what runs often has been compiled for good and the server's pools have the buffers of a burst: that is paid once, and not by each delivery.
                await clients.PublishAsync(100, 1);
                await clients.PublishAsync(25, 4);
                await clients.PublishAsync(6, 64);
                foreach (var (inFlight, portions) in Loads)
                {
                    if (!costs.TryGetValue((variant, inFlight), out var list))
                    {
                        costs[(variant, inFlight)] = list = [];
                    }

                    var before = await server.AllocatedAsync();
                    var (cpu, perSecond) = await clients.PublishAsync(portions, inFlight);
                    list.Add((cpu, perSecond, (await server.AllocatedAsync() - before) / ((double)portions * inFlight * Connections)));
                }
            }
        }

        var rows = new List<ResultRow>();
        var notes = new List<string>();
        foreach (var (inFlight, _) in Loads)
        {
            var idiom = Median(costs[("idiom", inFlight)].Select(static c => c.Cpu));
            var raw = Median(costs[("raw", inFlight)].Select(static c => c.Cpu));
            foreach (var variant in Variants)
            {
                var cpu = Median(costs[(variant, inFlight)].Select(static c => c.Cpu));
                rows.Add(new ResultRow($"{Name(variant)}, {inFlight} in flight", cpu, "us CPU/delivery", cpu / idiom, Median(costs[(variant, inFlight)].Select(static c => c.Allocated))));
            }

            var ours = Median(costs[("resilience", inFlight)].Select(static c => c.Cpu));
            var perSecond = string.Join(", ", Variants.Select(v => FormattableString.Invariant($"{Name(v)} {Median(costs[(v, inFlight)].Select(static c => c.PerSecond)):#,0}")));
            notes.Add(FormattableString.Invariant($"{inFlight} in flight: {ours / raw:0.00} of the raw loop's cost. Deliveries per second with client and server on this machine: {perSecond}."));
        }

        return new LoadTestResult(rows, ["The ratio is to the framework's idiom. Medians of three alternating runs, each in a fresh process.", .. notes]);
    }

    private static string Name(string variant) => variant switch
    {
        "resilience" => "Resilience.Sse",
        "idiom" => "TypedResults.ServerSentEvents + bounded channel",
        _ => "Raw loop over PipeWriters",
    };

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted[sorted.Length / 2];
    }
}
