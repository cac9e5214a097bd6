using Microsoft.Extensions.Caching.Hybrid;
using Resilience.Data.Tests.Support;
using Resilience.TestKit;

namespace Resilience.Data.Tests.Behaviour;

public sealed class SharedLevelDownTests
{
    [Fact]
    public async Task Reads_fall_through_to_the_database_under_the_load_cap_without_an_error()
    {
        var time = new ManualTimeProvider();
        var store = new FaultyStore(new InMemorySharedCacheStore(time)) { IsDown = true };
        using var node = new CacheFixture(store, static o => o.MaxConcurrentLoads = 8, time);
        var running = 0;
        var most = 0;

        var values = await Task.WhenAll(Enumerable.Range(0, 500).Select(i => Task.Run(async () => await node.Cache.GetOrCreateAsync($"k{i}", async token =>
        {
            var now = Interlocked.Increment(ref running);
            InterlockedMax(ref most, now);
            await Task.Yield();
            Interlocked.Decrement(ref running);
            return i;
        })))).Within();

        values.ShouldBe(Enumerable.Range(0, 500));
        most.ShouldBeLessThanOrEqualTo(8);
        node.Logs.Of(4030).Count.ShouldBe(1, "once per state, not once per call");
    }

    [Fact]
    public async Task Invalidations_wait_their_keys_bypass_the_shared_level_and_are_sent_when_it_is_back()
    {
        var time = new ManualTimeProvider();
        var inner = new InMemorySharedCacheStore(time);
        var store = new FaultyStore(inner);
        var alerts = new List<DataAlert>();
        using var node = new CacheFixture(store, o => o.OnAlert = alerts.Add, time);
        using var other = new CacheFixture(inner, time: time);
        var row = "one";
        ValueTask<string> Load(CancellationToken token) => ValueTask.FromResult(row);
        await node.Cache.GetOrCreateAsync("k", Load);
        await other.Cache.GetOrCreateAsync("k", Load);

        store.IsDown = true;
        await using (await node.Cache.BeginWriteAsync(["k"]))
        {
            row = "two";
        }

        (await node.Cache.GetOrCreateAsync("k", Load)).ShouldBe("two", "this node never shows its own user the old value");
        (await other.Cache.GetOrCreateAsync("k", Load)).ShouldBe("one", "another node cannot know yet");
        node.Metrics.Value("resilience.data.cache.pending_invalidations").ShouldBe(1);
        alerts.ShouldBe([new DataAlert("shared_store_down", true)]);

        store.IsDown = false;
        await time.WhenTimersAsync(1);
        time.Advance(TimeSpan.FromSeconds(1));
        await node.Metrics.WhenAsync(static m => m.Value("resilience.data.cache.pending_invalidations") == 0);

        (await other.Cache.GetOrCreateAsync("k", Load)).ShouldBe("two");
        await Watchdog.UntilAsync(() => alerts.Count == 2);
        alerts[1].IsActive.ShouldBeFalse();
        node.Logs.Of(4031).Count.ShouldBe(1);
    }

    [Fact]
    public async Task Beyond_the_bound_on_pending_invalidations_every_key_bypasses_until_old_entries_have_ended()
    {
        var time = new ManualTimeProvider();
        var inner = new InMemorySharedCacheStore(time);
        var store = new FaultyStore(inner);
        using var node = new CacheFixture(store, static o => o.PendingLimit = 3, time);
        using var other = new CacheFixture(inner, time: time);
        await other.Cache.GetOrCreateAsync("k0", static _ => ValueTask.FromResult("old"));

        store.IsDown = true;
        await node.Cache.RemoveAsync(Enumerable.Range(0, 10).Select(static i => $"k{i}"));
        store.IsDown = false;
        time.Advance(TimeSpan.FromSeconds(10));

        (await node.Cache.GetOrCreateAsync("k0", static _ => ValueTask.FromResult("new"))).ShouldBe("new");
        node.Logs.Of(4033).Count.ShouldBe(1);
        time.Advance(TimeSpan.FromMinutes(6));
        (await node.Cache.GetOrCreateAsync("k0", static _ => ValueTask.FromResult("newer"))).ShouldBe("newer");
        (await other.Cache.GetOrCreateAsync("k0", static _ => ValueTask.FromResult("x"))).ShouldBe("newer", "the shared level is in use again");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Beyond_the_bound_an_entry_with_a_longer_life_than_others_does_not_come_back_either(bool isLoaded)
    {
        var time = new ManualTimeProvider();
        var store = new FaultyStore(new InMemorySharedCacheStore(time));
        using var node = new CacheFixture(store, static o => (o.PendingLimit, o.Jitter) = (1, 0), time);
        var anHour = new HybridCacheEntryOptions { Expiration = TimeSpan.FromHours(1) };
        if (isLoaded)
        {
            await node.Cache.GetOrCreateAsync("k", static _ => ValueTask.FromResult("old"), anHour);
        }
        else
        {
            await node.Cache.SetAsync("k", "old", anHour);
        }

        store.IsDown = true;
        await node.Cache.RemoveAsync("other");
        await node.Cache.RemoveAsync("k");
        store.IsDown = false;

        // Whoever reads need not know how long the entry was to live.
        foreach (var minutes in new[] { 6, 30, 22 })
        {
            time.Advance(TimeSpan.FromMinutes(minutes));
            (await node.Cache.GetOrCreateAsync("k", static _ => ValueTask.FromResult("new"))).ShouldBe("new", $"after {minutes} more minutes");
        }

        time.Advance(TimeSpan.FromMinutes(10));
        await node.Cache.GetOrCreateAsync("k", static _ => ValueTask.FromResult("newer"));
        (await store.ReadManyAsync([new SharedRead("k", [])], default))[0].Payload.ShouldNotBeNull("the shared level is in use again");
    }

    [Fact]
    public async Task A_load_that_began_before_the_bound_was_passed_does_not_store_what_it_read()
    {
        var time = new ManualTimeProvider();
        var inner = new InMemorySharedCacheStore(time);
        var store = new FaultyStore(inner);
        using var node = new CacheFixture(store, static o => o.PendingLimit = 1, time);
        var (reading, go) = (new TaskCompletionSource(), new TaskCompletionSource<string>());
        var load = node.Cache.GetOrCreateAsync("k", async _ =>
        {
            reading.SetResult();
            return await go.Task;
        }).AsTask();
        await reading.Task.Within();

        store.IsDown = true;
        await node.Cache.RemoveAsync("other");
        await node.Cache.RemoveAsync("k");
        store.IsDown = false;
        time.Advance(TimeSpan.FromSeconds(2));
        go.SetResult("old");

        (await load.Within()).ShouldBe("old", "its own caller began before the removal");
        (await inner.ReadManyAsync([new SharedRead("k", [])], default))[0].Payload.ShouldBeNull();
        (await node.Cache.GetOrCreateAsync("k", static _ => ValueTask.FromResult("new"))).ShouldBe("new");
    }

    [Fact]
    public async Task A_load_that_fails_or_is_left_disturbs_no_other_node_and_nobody_waits_for_it()
    {
        var time = new ManualTimeProvider();
        var store = new InMemorySharedCacheStore(time);
        var way = new FaultyStore(store);
        using var failing = new CacheFixture(way, time: time);
        using var other = new CacheFixture(store, time: time);
        var told = 0;
        using var subscription = store.Subscribe(_ => told++);
        var localOnly = new HybridCacheEntryOptions { Flags = HybridCacheEntryFlags.DisableDistributedCacheWrite };
        await other.Cache.GetOrCreateAsync("kept", static _ => ValueTask.FromResult("kept"), localOnly);
        store.EvictFences();

        // One fails, one is left by its only caller, and one fails for many keys at once.
        await Should.ThrowAsync<TimeoutException>(async () => await failing.Cache.GetOrCreateAsync<string>("kept", static _ => throw new TimeoutException()));
        using (var leaving = new CancellationTokenSource())
        {
            var left = failing.Cache.GetOrCreateAsync("left", async token =>
            {
                await leaving.CancelAsync();
                await Task.Delay(Timeout.InfiniteTimeSpan, time, token);
                return "never";
            }, cancellationToken: leaving.Token).AsTask();
            await Should.ThrowAsync<OperationCanceledException>(() => left.Within());
        }

        await Should.ThrowAsync<TimeoutException>(async () => await failing.Cache.GetOrCreateManyAsync<string, string>(
            ["m1", "m2"], static key => key, static (_, _) => throw new TimeoutException()));

        told.ShouldBe(0);
        (await other.Cache.GetOrCreateAsync("kept", static _ => ValueTask.FromResult("loaded again"))).ShouldBe("kept");

        // A token that stood in the way would be waited for, and the clock of this test stands still.
        await Watchdog.UntilAsync(() => way.Released == 4);
        foreach (var key in new[] { "left", "m1", "m2" })
        {
            (await other.Cache.GetOrCreateAsync(key, static _ => ValueTask.FromResult("loaded")).AsTask().Within()).ShouldBe("loaded");
        }
    }

    [Fact]
    public async Task A_damaged_foreign_or_oversized_payload_is_a_miss_counted_and_removed()
    {
        var time = new ManualTimeProvider();
        var inner = new InMemorySharedCacheStore(time);
        var store = new FaultyStore(inner);
        using var writer = new CacheFixture(inner, time: time);
        using var reader = new CacheFixture(store, time: time);
        var length = 0;
        store.Damage = p => { length = p.Length; return p; };
        await writer.Cache.SetAsync("k0", "value");
        (await reader.Cache.GetOrCreateAsync("k0", static _ => ValueTask.FromResult("x"))).ShouldBe("value");
        for (var i = 0; i < length; i++)
        {
            var at = i;
            store.Damage = p =>
            {
                p[at] ^= 0x41;
                return p;
            };
            await writer.Cache.SetAsync($"k{i}", "value");
            await reader.Cache.RemoveAsync($"other");
            time.Advance(TimeSpan.FromSeconds(6));
            (await reader.Cache.GetOrCreateAsync($"k{i}", static _ => ValueTask.FromResult("loaded"))).ShouldBe("loaded", $"byte {i}");
        }

        reader.Metrics.Value("resilience.data.cache.store_errors").ShouldBe(length);
        store.Damage = static p => p;
        await writer.Cache.SetAsync("typed", "text");
        (await reader.Cache.GetOrCreateAsync("typed", static _ => ValueTask.FromResult(42))).ShouldBe(42);
        (await writer.Cache.GetOrCreateAsync("big", static _ => ValueTask.FromResult(new string('x', 300_000)))).Length.ShouldBe(300_000);
        (await inner.ReadManyAsync([new SharedRead("big", [])], default))[0].Payload.ShouldBeNull();
    }

    private static void InterlockedMax(ref int target, int value)
    {
        var seen = Volatile.Read(ref target);
        while (value > seen && Interlocked.CompareExchange(ref target, value, seen) is var before && before != seen)
        {
            seen = before;
        }
    }
}
