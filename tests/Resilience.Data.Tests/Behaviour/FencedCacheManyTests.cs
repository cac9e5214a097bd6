using Resilience.Data.Tests.Support;
using Resilience.TestKit;

namespace Resilience.Data.Tests.Behaviour;

public sealed class FencedCacheManyTests
{
    [Fact]
    public async Task A_thousand_cold_keys_take_two_round_trips_to_the_shared_level_and_one_load()
    {
        var time = new ManualTimeProvider();
        var store = new FaultyStore(new InMemorySharedCacheStore(time));
        using var node = new CacheFixture(store, time: time);
        var loads = new List<int>();

        var values = await ManyAsync(node, Enumerable.Range(0, 1_000), loads);

        values.Count.ShouldBe(500);
        values[998].ShouldBe("v998");
        loads.ShouldBe([1_000]);
        (store.Reads, store.Writes).ShouldBe((1, 1));
        await ManyAsync(node, Enumerable.Range(0, 1_000), loads);
        loads.ShouldBe([1_000], "what is missing is remembered too");
        (store.Reads, store.Writes).ShouldBe((1, 1));

        using var other = new CacheFixture(store, time: time);
        await ManyAsync(other, Enumerable.Range(0, 1_001), loads);
        loads.ShouldBe([1_000, 1]);
        (node.Requests("miss"), other.Requests("shared")).ShouldBe((1_000, 1_000));
    }

    [Fact]
    public async Task Overlapping_calls_share_their_loads()
    {
        using var node = new CacheFixture();
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var asked = new List<int>();
        Task<IReadOnlyDictionary<int, string>> GetAsync(params int[] keys) => node.Cache.GetOrCreateManyAsync<int, string>(keys, static k => $"k{k}", async (missing, token) =>
        {
            lock (asked)
            {
                asked.AddRange(missing);
            }

            await gate.Task;
            return missing.ToDictionary(static k => k, static k => $"v{k}");
        }).AsTask();

        var first = GetAsync(1, 2, 3);
        var second = GetAsync(2, 3, 4);
        var single = node.Cache.GetOrCreateAsync("k3", static _ => ValueTask.FromResult("own")).AsTask();
        gate.SetResult();

        (await first.Within()).Keys.ShouldBe([1, 2, 3], ignoreOrder: true);
        (await second.Within())[4].ShouldBe("v4");
        (await single.Within()).ShouldBe("v3");
        asked.Order().ShouldBe([1, 2, 3, 4]);
    }

    [Fact]
    public async Task A_failed_load_fails_its_callers_and_is_tried_again()
    {
        using var node = new CacheFixture();

        await Should.ThrowAsync<TimeoutException>(async () => await node.Cache.GetOrCreateManyAsync<int, string>([1, 2], static k => $"k{k}", static (_, _) => throw new TimeoutException()));

        (await ManyAsync(node, [1, 2], [])).ShouldBe(new Dictionary<int, string> { [2] = "v2" });
    }

    [Fact]
    public async Task An_invalidation_during_the_load_keeps_that_key_out_and_lets_the_others_in()
    {
        var time = new ManualTimeProvider();
        using var node = new CacheFixture(new InMemorySharedCacheStore(time), time: time);
        await node.Cache.GetOrCreateManyAsync<int, string>([1, 2], static k => $"k{k}", async (missing, token) =>
        {
            await node.Cache.RemoveAsync("k1", token);
            return missing.ToDictionary(static k => k, static k => $"old{k}");
        });

        var after = await node.Cache.GetOrCreateManyAsync<int, string>(
            [1, 2], static k => $"k{k}", static (missing, _) => ValueTask.FromResult<IReadOnlyDictionary<int, string>>(missing.ToDictionary(static k => k, static k => $"new{k}")));

        after.OrderBy(static p => p.Key).Select(static p => p.Value).ShouldBe(["new1", "old2"]);
    }

    [Fact]
    public async Task A_key_function_that_throws_leaves_no_load_behind()
    {
        using var node = new CacheFixture();

        await Should.ThrowAsync<FormatException>(async () => await node.Cache.GetOrCreateManyAsync<int, string>(
            [2, 3], static k => k == 3 ? throw new FormatException() : $"k{k}", static (_, _) => throw new TimeoutException()));

        (await ManyAsync(node, [2], []).Within())[2].ShouldBe("v2");
    }

    [Fact]
    public async Task A_caller_that_leaves_cancels_the_load_of_all_its_keys()
    {
        using var node = new CacheFixture();
        using var leaving = new CancellationTokenSource();
        var started = new TaskCompletionSource<CancellationToken>(TaskCreationOptions.RunContinuationsAsynchronously);
        var many = node.Cache.GetOrCreateManyAsync<int, string>([1, 2, 3], static k => $"k{k}", async (_, token) =>
        {
            started.SetResult(token);
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
            return new Dictionary<int, string>();
        }, cancellationToken: leaving.Token).AsTask();
        var token = await started.Task.Within();

        await leaving.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => many);
        await Watchdog.UntilAsync(() => token.IsCancellationRequested);
    }

    private static ValueTask<IReadOnlyDictionary<int, string>> ManyAsync(CacheFixture node, IEnumerable<int> keys, List<int> loads) =>
        node.Cache.GetOrCreateManyAsync([.. keys], static k => $"k{k}", (missing, _) =>
        {
            loads.Add(missing.Count);
            return ValueTask.FromResult<IReadOnlyDictionary<int, string>>(missing.Where(static k => k % 2 == 0).ToDictionary(static k => k, static k => $"v{k}"));
        });
}
