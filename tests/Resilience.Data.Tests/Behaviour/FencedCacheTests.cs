using System.ComponentModel;
using Microsoft.Extensions.Caching.Hybrid;
using Resilience.Data.Tests.Support;
using Resilience.TestKit;

namespace Resilience.Data.Tests.Behaviour;

public sealed class FencedCacheTests
{
    [Fact]
    public async Task A_thousand_callers_of_a_cold_key_cause_one_load()
    {
        using var node = new CacheFixture();
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var loads = 0;
        var callers = Enumerable.Range(0, 1_000).Select(_ => node.Cache.GetOrCreateAsync("k", async token =>
        {
            Interlocked.Increment(ref loads);
            await gate.Task;
            return "v";
        }).AsTask()).ToArray();

        gate.SetResult();

        (await Task.WhenAll(callers).Within()).ShouldAllBe(static v => v == "v");
        loads.ShouldBe(1);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(4, 64)]
    public async Task Loads_that_read_the_cache_themselves_never_wait_for_each_others_places(int places, int callers)
    {
        using var node = new CacheFixture(configure: o => o.MaxConcurrentLoads = places);

        // All inner loads are of one key too: a load that others wait for may itself stand in the line.
        var values = await Task.WhenAll(Enumerable.Range(0, callers).Select(i => Task.Run(async () => await node.Cache.GetOrCreateAsync($"outer:{i}", async token =>
        {
            var own = await node.Cache.GetOrCreateAsync($"inner:{i}", static _ => ValueTask.FromResult(1), cancellationToken: token);
            var common = await node.Cache.GetOrCreateManyAsync<int, int>(
                [0, 1], static k => $"common:{k}", static (keys, _) => ValueTask.FromResult<IReadOnlyDictionary<int, int>>(keys.ToDictionary(static k => k, static _ => 1)), cancellationToken: token);
            return own + common.Count;
        })))).Within();

        values.ShouldAllBe(static v => v == 3);
    }

    [Fact]
    public async Task A_write_of_every_tag_is_refused_before_it_begins()
    {
        using var node = new CacheFixture();

        await Should.ThrowAsync<NotSupportedException>(async () => await node.Cache.BeginWriteAsync([], ["*"]));
    }

    [Fact]
    public async Task Five_nodes_load_a_cold_key_at_most_twice()
    {
        var time = new ManualTimeProvider();
        var store = new InMemorySharedCacheStore(time);
        CacheFixture[] nodes = [.. Enumerable.Range(0, 5).Select(_ => new CacheFixture(store, time: time))];
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var loads = 0;
        var callers = nodes.SelectMany(node => Enumerable.Range(0, 200).Select(_ => Task.Run(async () => await node.Cache.GetOrCreateAsync("k", async token =>
        {
            Interlocked.Increment(ref loads);
            await gate.Task;
            return 7;
        })))).ToArray();
        await time.WhenTimersAsync(4);
        gate.SetResult();

        // The clock goes on only when the value is there: the others wait by this clock, and would else give up on a load that a busy machine delays.
        await Watchdog.UntilAsync(async () => (await store.ReadManyAsync([new SharedRead("k", [])], default))[0].Payload is not null);
        var all = Task.WhenAll(callers);
        await time.DriveAsync(all, TimeSpan.FromMinutes(1));
        (await all).ShouldAllBe(static v => v == 7);
        loads.ShouldBe(1);
        Array.ForEach(nodes, static n => n.Dispose());
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public async Task A_value_loaded_before_an_invalidation_is_never_stored_after_it(bool shared, bool byTag)
    {
        var time = new ManualTimeProvider();
        using var node = new CacheFixture(shared ? new InMemorySharedCacheStore(time) : null, time: time);
        var loading = new TaskCompletionSource();
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var old = node.Cache.GetOrCreateAsync("k", async token =>
        {
            loading.SetResult();
            await gate.Task;
            return "old";
        }, tags: ["t"]).AsTask();
        await loading.Task.Within();

        await (byTag ? node.Cache.RemoveByTagAsync("t") : node.Cache.RemoveAsync("k"));
        var fresh = await node.Cache.GetOrCreateAsync("k", static _ => ValueTask.FromResult("new"), tags: ["t"]).Within();
        gate.SetResult();

        fresh.ShouldBe("new", "a reader that comes after the invalidation does not join the old load");
        (await old.Within()).ShouldBe("old");
        (await node.Cache.GetOrCreateAsync("k", static _ => ValueTask.FromResult("newer"), tags: ["t"])).ShouldBe("new");
        using var other = new CacheFixture(shared ? new InMemorySharedCacheStore(time) : null, time: time);
        node.Metrics.Value("resilience.data.cache.populate_rejected").ShouldBe(1);
    }

    [Fact]
    public async Task Entries_end_with_their_time_missing_ones_sooner_and_a_create_shows_at_once()
    {
        using var node = new CacheFixture();
        string? row = null;
        ValueTask<string?> Load(CancellationToken token) => ValueTask.FromResult(row);
        (await node.Cache.GetOrCreateAsync("k", Load)).ShouldBeNull();
        row = "created";
        (await node.Cache.GetOrCreateAsync("k", Load)).ShouldBeNull("remembered as missing");

        await node.Cache.RemoveAsync("k");
        (await node.Cache.GetOrCreateAsync("k", Load)).ShouldBe("created");
        row = "changed";
        node.Time.Advance(TimeSpan.FromMinutes(4));
        (await node.Cache.GetOrCreateAsync("k", Load)).ShouldBe("created");
        node.Time.Advance(TimeSpan.FromMinutes(1));
        (await node.Cache.GetOrCreateAsync("k", Load)).ShouldBe("changed");

        (await node.Cache.GetOrCreateAsync<string?>("none", static _ => ValueTask.FromResult<string?>(null))).ShouldBeNull();
        node.Time.Advance(TimeSpan.FromSeconds(30));
        (await node.Cache.GetOrCreateAsync<string?>("none", static _ => ValueTask.FromResult<string?>("now"))).ShouldBe("now");
    }

    [Fact]
    public async Task No_entry_outlives_its_time_and_the_ends_are_spread()
    {
        using var node = new CacheFixture(configure: static o => o.LocalEntries = 20_000);
        for (var i = 0; i < 10_000; i++)
        {
            await node.Cache.GetOrCreateAsync($"k{i}", i, static (i, _) => ValueTask.FromResult(i));
        }

        async Task<int> AliveAsync()
        {
            var alive = 0;
            for (var i = 0; i < 10_000; i++)
            {
                alive += await node.Cache.GetOrCreateAsync($"k{i}", static _ => ValueTask.FromResult(-1), ReadOnly) >= 0 && await node.Cache.GetOrCreateAsync($"k{i}", static _ => ValueTask.FromResult(-1), ReadOnly) == i ? 1 : 0;
            }

            return alive;
        }

        node.Time.Advance(TimeSpan.FromSeconds(285));
        (await AliveAsync()).ShouldBeInRange(3_000, 7_000, "half of the ends lie before this, with a jitter of a tenth");
        node.Time.Advance(TimeSpan.FromSeconds(15));
        (await AliveAsync()).ShouldBe(1, "the default of an int is the value of k0, and nothing else is left");
    }

    [Fact]
    public async Task Without_messages_another_node_is_stale_for_the_local_life_at_most_and_a_reset_clears_it()
    {
        var time = new ManualTimeProvider();
        var store = new InMemorySharedCacheStore(time);
        var deaf = new FaultyStore(store) { DropsMessages = true };
        using var writer = new CacheFixture(store, time: time);
        using var reader = new CacheFixture(deaf, time: time);
        var row = "one";
        ValueTask<string> Load(CancellationToken token) => ValueTask.FromResult(row);
        (await reader.Cache.GetOrCreateAsync("k", Load)).ShouldBe("one");
        row = "two";
        await writer.Cache.RemoveAsync("k");

        (await reader.Cache.GetOrCreateAsync("k", Load)).ShouldBe("one");
        time.Advance(TimeSpan.FromSeconds(5));
        (await reader.Cache.GetOrCreateAsync("k", Load)).ShouldBe("two");

        row = "three";
        await writer.Cache.RemoveAsync("k");
        deaf.Handler(new SharedInvalidation([], [], IsReset: true));
        (await reader.Cache.GetOrCreateAsync("k", Load)).ShouldBe("three");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_crash_between_commit_and_invalidation_heals_within_the_time_of_the_write_mark(bool byTag)
    {
        var time = new ManualTimeProvider();
        var store = new InMemorySharedCacheStore(time);
        using var dead = new CacheFixture(store, time: time);
        using var node = new CacheFixture(store, time: time);
        var row = "one";
        ValueTask<string> Load(CancellationToken token) => ValueTask.FromResult(row);
        await node.Cache.GetOrCreateAsync("k", Load, tags: ["t"]);
        _ = await dead.Cache.BeginWriteAsync(byTag ? [] : ["k"], byTag ? ["t"] : []);

        // Readers between begin and commit see the old row, and nobody keeps it.
        (await node.Cache.GetOrCreateAsync("k", Load, tags: ["t"])).ShouldBe("one");
        row = "two";
        (await node.Cache.GetOrCreateAsync("k", Load, tags: ["t"])).ShouldBe("two");

        // The process dies here: no invalidation ever comes.
        time.Advance(TimeSpan.FromSeconds(10));
        (await node.Cache.GetOrCreateAsync("k", Load, tags: ["t"])).ShouldBe("two");
        row = "unseen";
        (await node.Cache.GetOrCreateAsync("k", Load, tags: ["t"])).ShouldBe("two", "it is kept again");
    }

    [Fact]
    public async Task A_load_that_took_too_long_is_not_stored()
    {
        var time = new ManualTimeProvider();
        using var node = new CacheFixture(new InMemorySharedCacheStore(time), time: time);

        await node.Cache.GetOrCreateAsync("k", token =>
        {
            time.Advance(TimeSpan.FromSeconds(31));
            return ValueTask.FromResult("slow");
        });

        (await node.Cache.GetOrCreateAsync("k", static _ => ValueTask.FromResult("fresh"))).ShouldBe("fresh");
        node.Metrics.Value("resilience.data.cache.populate_rejected").ShouldBe(1);
    }

    [Fact]
    public async Task Evicted_fences_refuse_loads_under_way_and_turn_tagged_entries_into_misses()
    {
        var time = new ManualTimeProvider();
        var store = new InMemorySharedCacheStore(time);
        using var node = new CacheFixture(store, time: time);
        await node.Cache.GetOrCreateAsync("tagged", static _ => ValueTask.FromResult("v"), tags: ["t"]);
        await node.Cache.GetOrCreateAsync("k", token =>
        {
            store.EvictFences();
            return ValueTask.FromResult("v");
        });

        using var other = new CacheFixture(store, time: time);
        (await other.Cache.GetOrCreateAsync("k", static _ => ValueTask.FromResult("again"))).ShouldBe("again");
        (await other.Cache.GetOrCreateAsync("tagged", static _ => ValueTask.FromResult("again"))).ShouldBe("again");
    }

    [Fact]
    public async Task A_failed_load_is_not_kept_and_nobody_waits_for_it()
    {
        var time = new ManualTimeProvider();
        using var node = new CacheFixture(new InMemorySharedCacheStore(time), time: time);

        await Should.ThrowAsync<TimeoutException>(async () => await node.Cache.GetOrCreateAsync<int>("k", static _ => throw new TimeoutException()));

        (await node.Cache.GetOrCreateAsync("k", static _ => ValueTask.FromResult(5)).Within()).ShouldBe(5);
        time.NextDueIn.ShouldBeNull("no poll was needed");
    }

    [Fact]
    public async Task A_caller_that_leaves_does_not_disturb_others_and_the_last_one_cancels_the_load()
    {
        using var node = new CacheFixture();
        var started = new TaskCompletionSource<CancellationToken>(TaskCreationOptions.RunContinuationsAsynchronously);
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        async ValueTask<int> Load(CancellationToken token)
        {
            started.TrySetResult(token);
            await gate.Task.WaitAsync(token);
            return 1;
        }

        using var one = new CancellationTokenSource();
        using var two = new CancellationTokenSource();
        var first = node.Cache.GetOrCreateAsync("k", Load, cancellationToken: one.Token).AsTask();
        var second = node.Cache.GetOrCreateAsync("k", Load, cancellationToken: two.Token).AsTask();
        var token = await started.Task.Within();
        await one.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => first);
        token.IsCancellationRequested.ShouldBeFalse();

        await two.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => second);
        await Watchdog.UntilAsync(() => token.IsCancellationRequested);
        (await node.Cache.GetOrCreateAsync("k", static _ => ValueTask.FromResult(2)).Within()).ShouldBe(2);
    }

    [Fact]
    public async Task A_mutable_value_is_copied_and_an_immutable_one_is_shared()
    {
        using var node = new CacheFixture();
        var mutable = new List<int> { 1 };
        var frozen = new Frozen("x");

        var first = await node.Cache.GetOrCreateAsync("m", _ => ValueTask.FromResult(mutable));
        first.Add(2);
        (await node.Cache.GetOrCreateAsync("m", _ => ValueTask.FromResult(mutable))).ShouldBe([1]);
        await node.Cache.GetOrCreateAsync("f", _ => ValueTask.FromResult(frozen));
        (await node.Cache.GetOrCreateAsync("f", _ => ValueTask.FromResult(new Frozen("y")))).ShouldBeSameAs(frozen);
    }

    [Fact]
    public async Task Entry_flags_set_and_the_span_overload_are_honoured()
    {
        var time = new ManualTimeProvider();
        var store = new FaultyStore(new InMemorySharedCacheStore(time));
        using var node = new CacheFixture(store, time: time);

        await node.Cache.SetAsync("k", "set");
        (await node.Cache.GetOrCreateAsync("k", static _ => ValueTask.FromResult("x"), new HybridCacheEntryOptions { Flags = HybridCacheEntryFlags.DisableUnderlyingData })).ShouldBe("set");
        (await node.Cache.GetOrCreateAsync("k".AsSpan(), 0, static (_, _) => ValueTask.FromResult("x"))).ShouldBe("set");
        (await node.Cache.GetOrCreateAsync("none", static _ => ValueTask.FromResult("x"), new HybridCacheEntryOptions { Flags = HybridCacheEntryFlags.DisableUnderlyingData })).ShouldBeNull();
        var reads = store.Reads;
        (await node.Cache.GetOrCreateAsync("k", static _ => ValueTask.FromResult("x"), new HybridCacheEntryOptions { Flags = HybridCacheEntryFlags.DisableLocalCache | HybridCacheEntryFlags.DisableDistributedCache })).ShouldBe("x");
        store.Reads.ShouldBe(reads);
        (await node.Cache.GetOrCreateAsync("k", static _ => ValueTask.FromResult("y"), new HybridCacheEntryOptions { Flags = HybridCacheEntryFlags.DisableLocalCache })).ShouldBe("set");
        await Should.ThrowAsync<NotSupportedException>(async () => await node.Cache.RemoveByTagAsync("*"));
        (await node.Cache.GetOrCreateAsync(new string('k', 2_000), static _ => ValueTask.FromResult("long"))).ShouldBe("long");
    }

    [Fact]
    public async Task The_bound_holds_and_missing_keys_do_not_push_out_values()
    {
        using var node = new CacheFixture(configure: static o => (o.LocalEntries, o.NegativeEntries) = (100, 50));
        for (var i = 0; i < 100; i++)
        {
            await node.Cache.GetOrCreateAsync($"real{i}", i, static (i, _) => ValueTask.FromResult(i));
        }

        for (var i = 0; i < 5_000; i++)
        {
            await node.Cache.GetOrCreateAsync<string?>($"attack{i}", static _ => ValueTask.FromResult<string?>(null));
        }

        node.Cache.LocalCount.ShouldBeLessThanOrEqualTo(150);
        for (var i = 0; i < 100; i++)
        {
            (await node.Cache.GetOrCreateAsync($"real{i}", static _ => ValueTask.FromResult(-1))).ShouldBe(i);
        }

        for (var i = 0; i < 5_000; i++)
        {
            await node.Cache.GetOrCreateAsync($"more{i}", i, static (i, _) => ValueTask.FromResult(i));
            await node.Cache.RemoveAsync($"more{i - 7}");
        }

        node.Cache.LocalCount.ShouldBeLessThanOrEqualTo(150);
    }

    [Fact]
    public async Task A_hit_allocates_nothing()
    {
        using var node = new CacheFixture();
        node.Metrics.Dispose();
        await node.Cache.GetOrCreateAsync("k", static _ => ValueTask.FromResult("v"), tags: ["a", "b"]);
        for (var i = 0; i < 100; i++)
        {
            await node.Cache.GetOrCreateAsync("k", 0, static (_, _) => ValueTask.FromResult("x"));
        }

        // The least of some rounds: the runtime itself allocates now and then.
        var least = long.MaxValue;
        for (var round = 0; round < 5; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 1_000; i++)
            {
                await node.Cache.GetOrCreateAsync("k", 0, static (_, _) => ValueTask.FromResult("x"));
            }

            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        least.ShouldBe(0);
    }

    private static readonly HybridCacheEntryOptions ReadOnly = new() { Flags = HybridCacheEntryFlags.DisableUnderlyingData };

    [ImmutableObject(true)]
    private sealed record Frozen(string Name);
}
