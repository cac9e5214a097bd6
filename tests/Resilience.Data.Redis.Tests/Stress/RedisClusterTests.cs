using System.Globalization;
using Resilience.Data.Redis.Tests.Support;
using Resilience.TestKit;

namespace Resilience.Data.Redis.Tests.Stress;

/// <summary>A cluster: the records of a key lie in one slot, and the groups of keys on all servers.</summary>
public sealed class RedisClusterTests
{
    private const int Keys = 1_000;
    private const int Groups = 12;

    private readonly string _prefix = RedisServer.NewPrefix();

    [Fact]
    public async Task Keys_are_grouped_by_slot_and_invalidations_reach_every_group_on_every_server()
    {
        await using var cluster = await RedisCluster.StartAsync(nodeTimeout: 15_000);
        await using var writer = Node(cluster, connectTimeout: 20_000, patient: true);
        await using var reader = Node(cluster, connectTimeout: 20_000, patient: true);
        var row = 1;
        var loads = 0;
        async Task<int[]> ReadAsync(RedisNode node) => [.. (await node.Cache.GetOrCreateManyAsync<int, int>(
            [.. Enumerable.Range(0, Keys)],
            static i => $"k{i}",
            (missing, _) =>
            {
                loads++;
                return ValueTask.FromResult<IReadOnlyDictionary<int, int>>(missing.ToDictionary(static i => i, _ => row));
            },
            tags: ["all"])).Values.Distinct()];

        // The subscription is there when a message has been heard.
        await Watchdog.UntilAsync(async () => await ReadAsync(writer) is [1] && await ReadAsync(reader) is [1]);
        reader.Metrics.Value("resilience.data.cache.requests", ("result", "shared")).ShouldBe(Keys);
        loads.ShouldBe(1);
        await EveryServerHasAShareAsync(cluster);

        await Watchdog.UntilAsync(async () =>
        {
            row++;
            await writer.Cache.RemoveByTagAsync("all");
            return await ReadAsync(reader) is [var one] && one == row;
        });
        await using (await writer.Cache.BeginWriteAsync(["k7"], ["all"]))
        {
            // The news of the write takes a moment to the other node; from then on every read loads.
            row++;
            await Watchdog.UntilAsync(async () => await ReadAsync(reader) is [var one] && one == row);
            row++;
            (await ReadAsync(reader)).ShouldBe([row], "nothing is kept while a write is under way");
        }

        (await ReadAsync(writer)).ShouldBe([row]);
        writer.Metrics.Value("resilience.data.cache.store_errors").ShouldBe(0);
        reader.Metrics.Value("resilience.data.cache.store_errors").ShouldBe(0);
    }

    [Fact]
    public async Task A_server_of_the_cluster_that_is_killed_and_comes_back_heals()
    {
        await using var cluster = await RedisCluster.StartAsync(nodeTimeout: 2_000);
        await using var node = Node(cluster, connectTimeout: 1_000);
        await using var other = Node(cluster, connectTimeout: 1_000);
        var row = 1;
        ValueTask<int> Load(CancellationToken token) => ValueTask.FromResult(row);
        string[] keys = [.. Enumerable.Range(0, 40).Select(static i => $"k{i}")];
        foreach (var key in keys)
        {
            (await node.Cache.GetOrCreateAsync(key, Load)).ShouldBe(1);
            (await other.Cache.GetOrCreateAsync(key, Load)).ShouldBe(1);
        }

        await cluster.Servers[1].KillAsync();
        row = 2;
        foreach (var key in keys)
        {
            await node.Cache.RemoveAsync(key);
            (await node.Cache.GetOrCreateAsync(key, Load).Within()).ShouldBe(2, "the node that invalidated is never stale");
        }

        await cluster.Servers[1].StartAsync();
        await node.Metrics.WhenAsync(static m => m.Value("resilience.data.cache.pending_invalidations") == 0);
        foreach (var key in keys)
        {
            await Watchdog.UntilAsync(async () => await other.Cache.GetOrCreateAsync(key, Load) == 2);
        }
    }

    private RedisNode Node(RedisCluster cluster, int connectTimeout, bool patient = false) =>
        new(cluster.Servers[0], _prefix, static o => (o.LocalTtl, o.WriteMarkerTtl) = (TimeSpan.FromMilliseconds(50), TimeSpan.FromMinutes(2)), Groups, string.Create(CultureInfo.InvariantCulture, $"{cluster.Configuration},connectTimeout={connectTimeout},syncTimeout=2000"), patient);

    /// <summary>Each server has records, and the records of a key all lie in the slot that its group's hash tag names: the server itself is asked.</summary>
    private static async Task EveryServerHasAShareAsync(RedisCluster cluster)
    {
        var slots = new Dictionary<string, HashSet<object?>>();
        foreach (var server in cluster.Servers)
        {
            var keys = ((object[])(await server.ExecuteAsync("KEYS", "*"))!).Select(static k => k.ToString()!).ToArray();
            keys.ShouldNotBeEmpty();
            foreach (var key in keys.Where(static k => k.Contains(":v:", StringComparison.Ordinal)).Take(20).Concat(keys.Where(static k => k.Contains(":t:", StringComparison.Ordinal))))
            {
                var group = key[..(key.IndexOf('}', StringComparison.Ordinal) + 1)];
                (slots.TryGetValue(group, out var seen) ? seen : slots[group] = []).Add(await server.ExecuteAsync("CLUSTER", "KEYSLOT", key));
            }
        }

        slots.Count.ShouldBe(Groups);
        slots.Values.ShouldAllBe(static s => s.Count == 1);
    }
}
