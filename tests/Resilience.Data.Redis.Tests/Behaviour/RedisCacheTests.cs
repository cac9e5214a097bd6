using Resilience.Data.Redis.Tests.Support;
using Resilience.TestKit;

namespace Resilience.Data.Redis.Tests.Behaviour;

public sealed class RedisCacheTests(RedisFixture redis) : IClassFixture<RedisFixture>
{
    private readonly string _prefix = RedisServer.NewPrefix();

    [Fact]
    public async Task A_thousand_cold_keys_take_two_scripts_and_one_load()
    {
        await using var node = new RedisNode(redis.Server, _prefix);
        var loads = 0;
        async Task<int> ReadAsync(RedisNode from) => (await from.Cache.GetOrCreateManyAsync<int, string>(
            [.. Enumerable.Range(0, 1_000)], static k => $"k{k}", (missing, _) =>
            {
                loads++;
                return ValueTask.FromResult<IReadOnlyDictionary<int, string>>(missing.ToDictionary(static k => k, static k => $"v{k}"));
            },
            tags: ["all"])).Count;

        (await ReadAsync(node)).ShouldBe(1_000);
        await using var other = new RedisNode(redis.Server, _prefix);
        (await ReadAsync(other)).ShouldBe(1_000);

        loads.ShouldBe(1);
        other.Metrics.Value("resilience.data.cache.requests", ("result", "shared")).ShouldBe(1_000);
    }

    [Fact]
    public async Task Another_node_hears_of_an_invalidation()
    {
        await using var writer = new RedisNode(redis.Server, _prefix, static o => o.LocalTtl = TimeSpan.FromMinutes(5));
        await using var reader = new RedisNode(redis.Server, _prefix, static o => o.LocalTtl = TimeSpan.FromMinutes(5));
        var row = 1;
        ValueTask<int> Load(CancellationToken token) => ValueTask.FromResult(row);
        await reader.Cache.GetOrCreateAsync("key", Load, tags: ["tag"]);

        // The local life is as long as the entry's: only the message can bring the new value.
        await Watchdog.UntilAsync(async () =>
        {
            row++;
            await writer.Cache.RemoveAsync("key");
            return await reader.Cache.GetOrCreateAsync("key", Load, tags: ["tag"]) == row;
        });
        row = 100;
        await writer.Cache.RemoveByTagAsync("tag");
        await Watchdog.UntilAsync(async () => await reader.Cache.GetOrCreateAsync("key", Load, tags: ["tag"]) == 100);
    }

    [Fact]
    public async Task A_server_that_forgot_the_scripts_is_served_at_once()
    {
        var server = await RedisServer.StartNewAsync();
        await using (server)
        {
            await using var node = new RedisNode(server, _prefix);
            (await node.Cache.GetOrCreateAsync("a", static _ => ValueTask.FromResult(1))).ShouldBe(1);

            await server.ExecuteAsync("SCRIPT", "FLUSH");
            await node.Cache.RemoveAsync("a");
            (await node.Cache.GetOrCreateAsync("a", static _ => ValueTask.FromResult(2))).ShouldBe(2);

            node.Metrics.Value("resilience.data.cache.store_errors").ShouldBe(0);
        }
    }

    [Fact]
    public async Task Keys_carry_the_format_version_and_the_hash_tag_of_their_group_and_all_of_them_end()
    {
        var server = await RedisServer.StartNewAsync();
        await using (server)
        {
            await using var node = new RedisNode(server, "app", groups: 3);
            for (var i = 0; i < 20; i++)
            {
                await node.Cache.GetOrCreateAsync($"k{i}", static _ => ValueTask.FromResult(1), tags: ["t"]);
            }

            await using var write = await node.Cache.BeginWriteAsync(["w"], ["u"]);
            var keys = ((object[])(await server.ExecuteAsync("KEYS", "*"))!).Select(Text).ToArray();

            keys.Length.ShouldBeGreaterThan(40);
            keys.ShouldAllBe(static key => key.StartsWith("{app:1:", StringComparison.Ordinal));
            foreach (var key in keys)
            {
                // -1 is a key that never ends; one whose time was short may have ended by now.
                Convert.ToInt64(await server.ExecuteAsync("PTTL", key), System.Globalization.CultureInfo.InvariantCulture).ShouldNotBe(-1, key);
            }
        }
    }

    private static string Text(object value) => value is byte[] bytes ? System.Text.Encoding.UTF8.GetString(bytes) : value.ToString()!;
}
