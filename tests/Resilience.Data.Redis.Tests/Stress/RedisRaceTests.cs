using System.Globalization;
using Resilience.Data.Redis.Tests.Support;
using Resilience.TestKit;
using StackExchange.Redis;

namespace Resilience.Data.Redis.Tests.Stress;

/// <summary>Invalidate while loading, on two nodes and a real server.</summary>
public sealed class RedisRaceTests(RedisFixture redis) : IClassFixture<RedisFixture>
{
    private const int Schedules = 10_000;

    /// <summary>Short, so that what is promised at rest is waited for once and not with the default of five seconds.</summary>
    private static readonly TimeSpan LocalTtl = TimeSpan.FromMilliseconds(50);

    private readonly int[] _rows = new int[Schedules];
    private readonly int[][] _floors = [new int[Schedules], new int[Schedules]];
    private readonly string _prefix = RedisServer.NewPrefix();

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public async Task Never_stale_at_rest_beyond_the_stated_bound(bool byTag, bool fencesEnd)
    {
        await using var first = new RedisNode(redis.Server, _prefix, static o => o.LocalTtl = LocalTtl);
        await using var second = new RedisNode(redis.Server, _prefix, static o => o.LocalTtl = LocalTtl);
        RedisNode[] nodes = [first, second];
        using var client = await ConnectionMultiplexer.ConnectAsync(redis.Server.Configuration);
        var database = client.GetDatabase();

        await RunAsync(fencesEnd ? 5 : 4, (step, i) => step switch
        {
            < 8 => StepAsync(nodes[step % 2], step % 2, byTag, i, step / 2),
            _ => EndFencesAsync(database, i),
        });

        // At rest: messages delivered or lost, the local life is over, and the shared level holds nothing old.
        await Task.Delay(LocalTtl * 2, TimeProvider.System);
        foreach (var node in nodes)
        {
            var values = await node.Cache.GetOrCreateManyAsync<int, int>(
                [.. Enumerable.Range(0, Schedules)], static i => $"k{i}", (missing, _) =>
                    ValueTask.FromResult<IReadOnlyDictionary<int, int>>(missing.ToDictionary(static i => i, i => Volatile.Read(ref _rows[i]))));
            for (var i = 0; i < Schedules; i++)
            {
                values[i].ShouldBe(_rows[i], $"schedule {i}");
            }
        }

        (first.Metrics.Value("resilience.data.cache.populate_rejected") + second.Metrics.Value("resilience.data.cache.populate_rejected")).ShouldBeGreaterThan(0, "the races happened");
        first.Metrics.Value("resilience.data.cache.store_errors").ShouldBe(0);
    }

    [Fact]
    public async Task The_same_schedules_show_the_fault_of_a_plain_get_or_create()
    {
        using var first = await ConnectionMultiplexer.ConnectAsync(redis.Server.Configuration);
        using var second = await ConnectionMultiplexer.ConnectAsync(redis.Server.Configuration);
        IDatabase[] nodes = [first.GetDatabase(), second.GetDatabase()];

        await RunAsync(4, (step, i) => PlainStepAsync(nodes[step % 2], i, step / 2));

        var stale = 0;
        for (var i = 0; i < Schedules; i++)
        {
            var value = await nodes[0].StringGetAsync($"{_prefix}p{i}");
            stale += value.IsNull || (int)value == _rows[i] ? 0 : 1;
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"{stale} of {Schedules} keys are stale at rest");
        stale.ShouldBeGreaterThan(0);
    }

    /// <summary>Four random steps for each schedule, all at once; each kind of step but the last exists for both nodes.</summary>
    private static async Task RunAsync(int kinds, Func<int, int, Task> stepAsync)
    {
        var random = new Random(Environment.ProcessId);
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {Environment.ProcessId}");
        await Parallel.ForEachAsync(Enumerable.Range(0, Schedules), new ParallelOptions { MaxDegreeOfParallelism = 64 }, async (i, _) =>
        {
            int[] plan;
            lock (random)
            {
                plan = [.. Enumerable.Range(0, 4).Select(_ => random.Next(2 * kinds))];
            }

            await Task.WhenAll(plan.Select(step => stepAsync(step, i)));
        });
    }

    private async Task StepAsync(RedisNode node, int index, bool byTag, int i, int what)
    {
        switch (what)
        {
            case 0:
                int written;
                await using (await node.Cache.BeginWriteAsync(byTag ? [] : [$"k{i}"], byTag ? [$"t{i}"] : []))
                {
                    written = Interlocked.Increment(ref _rows[i]);
                }

                Versions.Raise(ref _floors[index][i], written);
                break;
            case 1:
                var changed = Interlocked.Increment(ref _rows[i]);
                await (byTag ? node.Cache.RemoveByTagAsync($"t{i}") : node.Cache.RemoveAsync($"k{i}"));
                Versions.Raise(ref _floors[index][i], changed);
                break;
            default:
                // What this node has invalidated, a reader that comes later on it must see.
                var floor = Volatile.Read(ref _floors[index][i]);
                var seen = await node.Cache.GetOrCreateAsync($"k{i}", async token =>
                {
                    var row = Volatile.Read(ref _rows[i]);
                    await Task.Yield();
                    return row;
                }, tags: [$"t{i}"]);
                seen.ShouldBeInRange(floor, 4, $"schedule {i}");
                break;
        }
    }

    /// <summary>The server gives up the key's fence and the tag's token: one evicted, the other at the end of its time.</summary>
    private async Task EndFencesAsync(IDatabase database, int i)
    {
        var group = $"{{{_prefix.Replace(':', '.')}:1:0}}";
        RedisKey[] fences = [string.Create(CultureInfo.InvariantCulture, $"{group}:f:k{i}"), string.Create(CultureInfo.InvariantCulture, $"{group}:t:t{i}")];
        await database.KeyDeleteAsync(fences[i % 2]);
        await database.KeyExpireAsync(fences[1 - (i % 2)], TimeSpan.FromMilliseconds(1));
    }

    private async Task PlainStepAsync(IDatabase database, int i, int what)
    {
        var key = $"{_prefix}p{i}";
        if (what < 2)
        {
            Interlocked.Increment(ref _rows[i]);
            await database.KeyDeleteAsync(key);
            return;
        }

        if ((await database.StringGetAsync(key)).IsNull)
        {
            var row = Volatile.Read(ref _rows[i]);
            await Task.Yield();
            await database.StringSetAsync(key, row, TimeSpan.FromMinutes(1));
        }
    }
}
