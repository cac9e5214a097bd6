using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Resilience.Data;
using Resilience.TestKit;
using Resilience.TestKit.Systematic;

namespace Resilience.Systematic.Tests.Data;

/// <summary>The race "invalidate while loading" on two nodes with one shared level, by key and by tag, with lost messages and evicted fences.</summary>
public sealed class FencedCacheSchedules
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Never_stale_after_an_invalidation_and_right_at_rest(bool byTag)
    {
        var explorations = new ScheduleExplorer { Schedules = 5_000 }.Verify(schedule => RunAsync(schedule, byTag, dropsMessages: false));

        explorations.ShouldAllBe(static e => e.Failures == 0 && e.Distinct > 1_000);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void With_lost_messages_and_evicted_fences_stale_only_for_the_local_life(bool byTag) =>
        new ScheduleExplorer { Schedules = 2_500 }.Verify(schedule => RunAsync(schedule, byTag, dropsMessages: true));

    [Fact]
    public void While_a_write_is_under_way_nobody_is_told_what_was_read_before_he_asked() =>
        new ScheduleExplorer { Schedules = 1_000 }.Verify(static async schedule =>
        {
            using var meters = new TestMeterFactory();
            using var node = Node(schedule, new InMemorySharedCacheStore(schedule.Time), meters);
            var row = 0;
            await using var write = await node.BeginWriteAsync(["k", "l"]);
            for (row = 1; row <= 3; row++)
            {
                var seen = await node.GetOrCreateManyAsync<string, int>(
                    ["k", "l"], static key => key, (missing, _) => ValueTask.FromResult<IReadOnlyDictionary<string, int>>(missing.ToDictionary(static key => key, _ => row)));
                Schedule.Check(seen.Values.All(value => value == row), $"{string.Join(' ', seen.Values)} instead of {row}");
            }
        });

    [Fact]
    public void The_same_schedules_show_the_fault_of_a_plain_get_or_create()
    {
        foreach (var strategy in new[] { ScheduleStrategy.Uniform, ScheduleStrategy.Pct })
        {
            new ScheduleExplorer { Schedules = 2_000 }.Explore(strategy, PlainAsync).First.ShouldNotBeNull().Message.ShouldContain("stale at rest");
        }
    }

    private static async Task RunAsync(Schedule schedule, bool byTag, bool dropsMessages)
    {
        using var meters = new TestMeterFactory();
        var store = new InMemorySharedCacheStore(schedule.Time);
        var messages = new List<Task>();
        var nodes = Enumerable.Range(0, 2).Select(i => Node(schedule, new ScheduledStore(schedule, store, i, messages, dropsMessages), meters)).ToArray();
        var database = 0;
        int[] floor = [0, 0];
        string[] keys = byTag ? [] : ["k"];
        string[] tags = byTag ? ["t"] : [];

        async Task WriteAsync(int node)
        {
            if (node == 1)
            {
                // Without a begin: the value of before may stand in the shared level until the invalidation.
                database++;
                await schedule.Yield();
                await (byTag ? nodes[1].RemoveByTagAsync("t") : nodes[1].RemoveAsync("k"));
                floor[1] = Math.Max(floor[1], 1);
                return;
            }

            await using (await nodes[node].BeginWriteAsync(keys, tags))
            {
                await schedule.Yield();
                database++;
                await schedule.Yield();
            }

            // What this node committed and invalidated, its later readers must see: at least one of the two writes.
            floor[0] = Math.Max(floor[0], 1);
        }

        async Task ReadAsync(int node)
        {
            var atLeast = floor[node];
            var seen = await nodes[node].GetOrCreateAsync("k", LoadAsync, tags: ["t"]);
            Schedule.Check(seen >= atLeast, $"node {node} read {seen} after its invalidation of {atLeast}");
        }

        async Task ReadTwiceAsync(int node)
        {
            await ReadAsync(node);
            await ReadAsync(node);
        }

        async ValueTask<int> LoadAsync(CancellationToken token)
        {
            await schedule.Yield();
            var row = database;
            await schedule.Yield();
            return row;
        }

        await ReadAsync(0);
        await Task.WhenAll(
            schedule.Run("write 0", () => WriteAsync(0)),
            schedule.Run("write 1", () => WriteAsync(1)),
            schedule.Run("read 0", () => ReadAsync(0)),
            schedule.Run("read 1", () => ReadTwiceAsync(1)),
            schedule.Run("read 0 again", () => ReadAsync(0)),
            schedule.Run("evict", async () =>
            {
                await schedule.Yield();
                if (dropsMessages)
                {
                    store.EvictFences();
                }
            }));
        await Task.WhenAll(messages);
        if (dropsMessages)
        {
            await Task.Delay(TimeSpan.FromSeconds(5), schedule.Time);
        }

        for (var node = 0; node < 2; node++)
        {
            var rest = await nodes[node].GetOrCreateAsync("k", LoadAsync, tags: ["t"]);
            Schedule.Check(rest == database, $"node {node} is stale at rest: {rest} instead of {database}");
        }

        Array.ForEach(nodes, static n => n.Dispose());
    }

    private static async Task PlainAsync(Schedule schedule)
    {
        int? cached = null;
        var database = 0;
        async Task<int> ReadAsync()
        {
            if (cached is { } hit)
            {
                return hit;
            }

            await schedule.Yield();
            var row = database;
            await schedule.Yield();
            cached = row;
            return row;
        }

        await Task.WhenAll(
            schedule.Run("write", async () =>
            {
                await schedule.Yield();
                database++;
                await schedule.Yield();
                cached = null;
            }),
            schedule.Run("read", ReadAsync));
        Schedule.Check(await ReadAsync() == database, "stale at rest");
    }

    private static DefaultFencedCache Node(Schedule schedule, ISharedCacheStore store, TestMeterFactory meters) => new(
        new FencedCacheOptions { Jitter = 0 },
        store,
        new CacheCodecs(new ServiceCollection().BuildServiceProvider()),
        schedule.Time,
        new Jitter(new Random(1)),
        new DataMetrics(meters),
        NullLogger.Instance);

    /// <summary>Lets others run around every call, and delivers messages late, in any order or not at all.</summary>
    private sealed class ScheduledStore(Schedule schedule, InMemorySharedCacheStore inner, int node, List<Task> messages, bool drops) : ISharedCacheStore
    {
        public async ValueTask<IReadOnlyList<SharedResult>> ReadManyAsync(IReadOnlyList<SharedRead> reads, CancellationToken cancellationToken)
        {
            await schedule.Yield();
            var results = await inner.ReadManyAsync(reads, cancellationToken);
            await schedule.Yield();
            return results;
        }

        public async ValueTask<IReadOnlyList<bool>> WriteManyAsync(IReadOnlyList<SharedWrite> writes, CancellationToken cancellationToken)
        {
            await schedule.Yield();
            var results = await inner.WriteManyAsync(writes, cancellationToken);
            await schedule.Yield();
            return results;
        }

        public async ValueTask BeginWriteAsync(IReadOnlyCollection<string> keys, IReadOnlyCollection<string> tags, string writer, CancellationToken cancellationToken)
        {
            await schedule.Yield();
            await inner.BeginWriteAsync(keys, tags, writer, cancellationToken);
            await schedule.Yield();
        }

        public async ValueTask InvalidateAsync(IReadOnlyCollection<string> keys, IReadOnlyCollection<string> tags, string? writer, CancellationToken cancellationToken)
        {
            await schedule.Yield();
            await inner.InvalidateAsync(keys, tags, writer, cancellationToken);
            await schedule.Yield();
        }

        public async ValueTask ReleaseAsync(IReadOnlyList<SharedToken> tokens, CancellationToken cancellationToken)
        {
            await schedule.Yield();
            await inner.ReleaseAsync(tokens, cancellationToken);
            await schedule.Yield();
        }

        public IDisposable Subscribe(Action<SharedInvalidation> handler) => inner.Subscribe(message =>
        {
            if (!drops || schedule.Choose(2) == 0)
            {
                messages.Add(schedule.Run($"message to {node}", () => handler(message)));
            }
        });
    }
}
