using Resilience.Benchmarks;

namespace Resilience.LoadTests.Sse;

/// <summary>Events of 100 bytes to 1,000 connections, beside the framework's own idiom and beside the floor.</summary>
internal sealed class SseFanOut : ILoadTest
{
    private const int Connections = 1000;
    private const int Sets = 5;
    private const int Rounds = 8;
    private const int MostWarmTurns = 8;
    private const int WarmShare = 3;
    private const int FewMethods = 3;

    private static readonly string[] Variants = ["resilience", "idiom", "raw"];

    private static readonly (int InFlight, int Portions)[] Loads = [(1, 60), (4, 20), (64, 6)];

    public string Question => "What does it cost the server to deliver one event of 100 bytes to one of 1,000 connections, with 1, 4 and 64 publications in flight?";

    public async Task<LoadTestResult> RunAsync(CancellationToken cancellationToken)
    {
        var costs = NewLists<(double Cpu, double PerSecond)>();
        var allocated = NewLists<double>();
        for (var set = 0; set < Sets; set++)
        {
            await RunSetAsync(costs, allocated, cancellationToken);
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
                rows.Add(new ResultRow($"{Name(variant)}, {inFlight} in flight", cpu, "us CPU/delivery", cpu / idiom, Median(allocated[(variant, inFlight)])));
            }

            var ours = Median(costs[("resilience", inFlight)].Select(static c => c.Cpu));
            var perSecond = string.Join(", ", Variants.Select(v => FormattableString.Invariant($"{Name(v)} {Median(costs[(v, inFlight)].Select(static c => c.PerSecond)):#,0}")));
            notes.Add(FormattableString.Invariant($"{inFlight} in flight: {ours / raw:0.00} of the raw loop's cost. Deliveries per second with client and server on this machine: {perSecond}."));
        }

        return new LoadTestResult(rows, [$"The ratio is to the framework's idiom. Medians of {Sets * Rounds} alternating turns, {Rounds} in each of {Sets} sets of fresh processes that stand side by side.", .. notes]);
    }

    private static Dictionary<(string Variant, int InFlight), List<T>> NewLists<T>() =>
        Variants.SelectMany(static _ => Loads, static (variant, load) => (variant, load.InFlight)).ToDictionary(static key => key, static _ => new List<T>());

    /// <summary>All servers at once, and each in turn, so that the machine is the same for all.</summary>
    private static async Task RunSetAsync(
        Dictionary<(string, int), List<(double Cpu, double PerSecond)>> costs,
        Dictionary<(string, int), List<double>> allocated,
        CancellationToken cancellationToken)
    {
        var servers = new List<(string Variant, SseServerTarget Server, SseClients Clients)>();
        try
        {
            foreach (var variant in Variants)
            {
                var server = await SseServerTarget.StartAsync(variant);
                var clients = new SseClients(server);
                servers.Add((variant, server, clients));
                await clients.OpenAsync(Connections);
                await WarmAsync(server, clients, cancellationToken);
            }

            for (var round = 0; round < Rounds; round++)
            {
                foreach (var (inFlight, portions) in Loads)
                {
                    // Each goes first as often as the others.
                    var first = round % servers.Count;
                    foreach (var (variant, server, clients) in servers[first..].Concat(servers[..first]))
                    {
                        cancellationToken.ThrowIfCancellationRequested();
                        costs[(variant, inFlight)].Add(await clients.PublishAsync(portions, inFlight));
                    }
                }
            }

            // Apart from the times, because an exact count stops all threads of the server.
            foreach (var (inFlight, portions) in Loads)
            {
                foreach (var (variant, server, clients) in servers)
                {
                    var before = await server.AllocatedAsync();
                    await clients.PublishAsync(portions, inFlight);
                    allocated[(variant, inFlight)].Add((await server.AllocatedAsync() - before) / ((double)portions * inFlight * Connections));
                }
            }
        }
        finally
        {
            foreach (var (_, _, clients) in servers)
            {
                await clients.DisposeAsync();
            }
        }
    }

    /// <summary>Until what runs often has been compiled for good and the server's pools have the buffers of a burst: that is paid once, and not by each delivery.</summary>
    private static async Task WarmAsync(SseServerTarget server, SseClients clients, CancellationToken cancellationToken)
    {
        var compiled = 0d;
        for (var turn = 0; turn < MostWarmTurns; turn++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            foreach (var (inFlight, portions) in Loads)
            {
                await clients.PublishAsync(portions / WarmShare, inFlight);
            }

            var before = compiled;
            compiled = await server.CompiledAsync();
            if (compiled - before < FewMethods)
            {
                return;
            }
        }
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
