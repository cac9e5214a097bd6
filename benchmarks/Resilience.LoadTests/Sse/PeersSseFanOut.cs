using System.Globalization;
using Resilience.Benchmarks;
using Resilience.LoadTests.Peers;
using Resilience.TestKit;

namespace Resilience.LoadTests.Sse;

/// <summary>Events of 100 bytes to 1,000 connections and idle connections, beside servers of other ecosystems.</summary>
internal sealed class PeersSseFanOut : ILoadTest
{
    private const int Connections = 1000;
    private const int IdleConnections = 3000;
    private const int Rounds = 3;

    private static readonly (string Name, Func<Task<HttpTarget>> Start)[] Servers =
    [
        ("Resilience.Sse", OursAsync),
        ("better-sse (Node.js)", BetterSseAsync),
        ("nchan (nginx)", NchanAsync),
    ];

    private static readonly (int InFlight, int Portions)[] Loads = [(1, 60), (64, 12)];

    public string Question => "What does it cost a server to deliver one event of 100 bytes to one of 1,000 connections, and to hold an idle connection, beside better-sse and nchan?";

    public async Task<LoadTestResult> RunAsync(CancellationToken cancellationToken)
    {
        var costs = Servers.ToDictionary(static s => s.Name, static _ => Loads.ToDictionary(static l => l.InFlight, static _ => new List<(double Cpu, double PerSecond)>()));
        var memory = Servers.ToDictionary(static s => s.Name, static _ => new List<double>());
        for (var round = 0; round < Rounds; round++)
        {
            foreach (var (name, start) in Servers)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var server = await start();
                await using var clients = new SseClients(server);
                await clients.OpenAsync(Connections);
                await clients.PublishAsync(10, 4);
                foreach (var (inFlight, portions) in Loads)
                {
                    costs[name][inFlight].Add(await clients.PublishAsync(portions, inFlight));
                }

                var before = await server.MemoryAsync();
                await clients.OpenAsync(IdleConnections);
                memory[name].Add((await server.MemoryAsync() - before) / (double)IdleConnections);
            }
        }

        return Result(costs, memory);
    }

    private static LoadTestResult Result(Dictionary<string, Dictionary<int, List<(double Cpu, double PerSecond)>>> costs, Dictionary<string, List<double>> memory)
    {
        var first = Servers[1].Name;
        var rows = new List<ResultRow>();
        var notes = new List<string>
        {
            "The ratio is to better-sse. Medians of three alternating runs, each in a fresh process; one client, one way to publish (a POST per event) for all. Processor time is that of the server's processes, from /proc.",
        };
        foreach (var (inFlight, _) in Loads)
        {
            var baseline = Median(costs[first][inFlight].Select(static c => c.Cpu));
            foreach (var (name, _) in Servers)
            {
                var cpu = Median(costs[name][inFlight].Select(static c => c.Cpu));
                rows.Add(new ResultRow($"{name}, {inFlight} in flight", cpu, "us CPU/delivery", cpu / baseline));
            }

            var perSecond = Servers.Select(s => FormattableString.Invariant($"{s.Name} {Median(costs[s.Name][inFlight].Select(static c => c.PerSecond)):#,0}"));
            notes.Add($"{inFlight} in flight, deliveries per second with client and server on this machine: {string.Join(", ", perSecond)}.");
        }

        var resident = Median(memory[first]);
        rows.AddRange(Servers.Select(s => new ResultRow($"{s.Name}, idle connection", Median(memory[s.Name]), "B resident/connection", Median(memory[s.Name]) / resident)));
        return new LoadTestResult(rows, notes);
    }

    private static async Task<HttpTarget> OursAsync()
    {
        var server = await ChildProcess.StartAsync<SseServer>("resilience");
        return await HttpTarget.ConnectAsync(server, server.Id, int.Parse(await server.ReceiveAsync(), CultureInfo.InvariantCulture));
    }

    private static async Task<HttpTarget> BetterSseAsync()
    {
        var server = await PeerProcess.StartAsync("better-sse", "node", "server.mjs");
        return await HttpTarget.ConnectAsync(server, server.Id, int.Parse(await server.ReceiveAsync(), CultureInfo.InvariantCulture));
    }

    private static async Task<HttpTarget> NchanAsync()
    {
        var folder = PeerProcess.Folder("nchan");
        var port = FreePort.Next();
        var configuration = await File.ReadAllTextAsync(Path.Combine(folder, "nginx.conf"));
        await File.WriteAllTextAsync(Path.Combine(folder, "run.conf"), configuration.Replace("PORT", port.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal));
        var server = await PeerProcess.StartAsync("nchan", "nginx", "-p", folder, "-c", "run.conf");
        return await HttpTarget.ConnectAsync(server, server.Id, port);
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted[sorted.Length / 2];
    }
}
