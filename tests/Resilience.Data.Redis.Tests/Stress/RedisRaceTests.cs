using Resilience.Data.Redis.Tests.Support;
using Resilience.TestKit;

namespace Resilience.Data.Redis.Tests.Stress;

/// <summary>Invalidate while loading, on two nodes and a real server.</summary>
public sealed class RedisRaceTests(RedisFixture redis) : IClassFixture<RedisFixture>
{
    private const int Schedules = 10_000;

    /// <summary>Short, so that what is promised at rest is waited for once and not with the default of five seconds.</summary>
    private static readonly TimeSpan LocalTtl = TimeSpan.FromMilliseconds(50);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Never_stale_at_rest_beyond_the_stated_bound(bool byTag)
    {
        var prefix = RedisServer.NewPrefix();
        await using var first = new RedisNode(redis.Server, prefix, static o => o.LocalTtl = LocalTtl);
        await using var second = new RedisNode(redis.Server, prefix, static o => o.LocalTtl = LocalTtl);
        RedisNode[] nodes = [first, second];
        var rows = new int[Schedules];
        var random = new Random(Environment.ProcessId);
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {Environment.ProcessId}");

        await Parallel.ForEachAsync(Enumerable.Range(0, Schedules), new ParallelOptions { MaxDegreeOfParallelism = 64 }, async (i, _) =>
        {
            int[] plan;
            lock (random)
            {
                plan = [.. Enumerable.Range(0, 4).Select(_ => random.Next(8))];
            }

            await Task.WhenAll(plan.Select(step => StepAsync(nodes[step % 2], byTag, rows, i, step / 2)));
        });

        // At rest: messages delivered or lost, the local life is over, and the shared level holds nothing old.
        await Task.Delay(LocalTtl * 2, TimeProvider.System);
        foreach (var node in nodes)
        {
            var values = await node.Cache.GetOrCreateManyAsync<int, int>(
                [.. Enumerable.Range(0, Schedules)], static i => $"k{i}", (missing, _) =>
                    ValueTask.FromResult<IReadOnlyDictionary<int, int>>(missing.ToDictionary(static i => i, i => Volatile.Read(ref rows[i]))));
            for (var i = 0; i < Schedules; i++)
            {
                values[i].ShouldBe(rows[i], $"schedule {i}");
            }
        }

        (first.Metrics.Value("resilience.data.cache.populate_rejected") + second.Metrics.Value("resilience.data.cache.populate_rejected")).ShouldBeGreaterThan(0, "the races happened");
        first.Metrics.Value("resilience.data.cache.store_errors").ShouldBe(0);
    }

    private static async Task StepAsync(RedisNode node, bool byTag, int[] rows, int i, int what)
    {
        switch (what)
        {
            case 0:
                await using (await node.Cache.BeginWriteAsync(byTag ? [] : [$"k{i}"], byTag ? [$"t{i}"] : []))
                {
                    Interlocked.Increment(ref rows[i]);
                }

                break;
            case 1:
                Interlocked.Increment(ref rows[i]);
                await (byTag ? node.Cache.RemoveByTagAsync($"t{i}") : node.Cache.RemoveAsync($"k{i}"));
                break;
            default:
                var before = Volatile.Read(ref rows[i]);
                var seen = await node.Cache.GetOrCreateAsync($"k{i}", async token =>
                {
                    var row = Volatile.Read(ref rows[i]);
                    await Task.Yield();
                    return row;
                }, tags: [$"t{i}"]);
                seen.ShouldBeInRange(0, 4);
                before.ShouldBeInRange(0, 4);
                break;
        }
    }
}
