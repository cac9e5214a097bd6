using System.Globalization;
using Resilience.TestKit;

namespace Resilience.Data.Redis.Tests.Support;

/// <summary>Three servers that share the slots among them.</summary>
internal sealed class RedisCluster : IAsyncDisposable
{
    private const int Slots = 16_384;

    private RedisCluster(RedisServer[] servers) => Servers = servers;

    public IReadOnlyList<RedisServer> Servers { get; }

    public string Configuration => string.Join(',', Servers.Select(static s => s.Configuration));

    public static async Task<RedisCluster> StartAsync(int nodeTimeout)
    {
        var cluster = new RedisCluster(await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => RedisServer.StartNewAsync(new RedisServerOptions
        {
            Settings = [("cluster-enabled", "yes"), ("cluster-port", FreePort.Next().ToString(CultureInfo.InvariantCulture)), ("cluster-node-timeout", Text(nodeTimeout))],
        }))));
        var share = (Slots / cluster.Servers.Count) + 1;
        for (var i = 0; i < cluster.Servers.Count; i++)
        {
            var server = cluster.Servers[i];
            await server.ExecuteAsync("CLUSTER", "ADDSLOTSRANGE", Text(i * share), Text(Math.Min(Slots, (i + 1) * share) - 1));
            await server.ExecuteAsync("CLUSTER", "SET-CONFIG-EPOCH", Text(i + 1));
        }

        // Only now: a server that knows another takes no epoch any more, and whoever is met knows the other a moment later.
        foreach (var server in cluster.Servers)
        {
            foreach (var other in cluster.Servers.Except([server]))
            {
                await server.ExecuteAsync("CLUSTER", "MEET", "127.0.0.1", Text(other.Port), await BusPortAsync(other));
            }
        }

        foreach (var server in cluster.Servers)
        {
            await Watchdog.UntilAsync(async () =>
            {
                var info = (string)(await server.ExecuteAsync("CLUSTER", "INFO"))!;
                return info.Contains("cluster_state:ok", StringComparison.Ordinal) && info.Contains("cluster_known_nodes:3", StringComparison.Ordinal);
            });
        }

        return cluster;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in Servers)
        {
            await server.DisposeAsync();
        }
    }

    private static async Task<string> BusPortAsync(RedisServer server) => (string)((object[])(await server.ExecuteAsync("CONFIG", "GET", "cluster-port"))!)[1];

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
}
