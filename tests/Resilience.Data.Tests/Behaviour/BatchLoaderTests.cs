using System.Diagnostics;
using System.Transactions;
using Microsoft.Extensions.DependencyInjection;
using Resilience.Data.Tests.Support;
using Resilience.TestKit;

namespace Resilience.Data.Tests.Behaviour;

public sealed class BatchLoaderTests
{
    [Fact]
    public async Task Loads_that_start_together_are_one_query_and_missing_keys_are_told()
    {
        // A caller that is interrupted between two loads misses the others on a busy machine; then it is tried again.
        await Watchdog.UntilAsync(static async () =>
        {
            await using var fixture = new LoaderFixture(LoaderFixture.Even);

            var results = await Task.WhenAll(Enumerable.Range(0, 100).Select(k => fixture.Loader.LoadAsync(k % 50)));

            fixture.Batches.ShouldAllBe(static b => b.SequenceEqual(b.Order()));
            for (var i = 0; i < 100; i++)
            {
                results[i].ShouldBe(i % 2 == 0 ? new Loaded<string>(LoadState.Found, $"v{i % 50}") : new Loaded<string>(LoadState.Missing));
            }

            return fixture.Batches.Count <= 2;
        });
    }

    [Fact]
    public async Task Load_many_goes_at_once_in_parts_of_the_largest_batch()
    {
        await using var fixture = new LoaderFixture(LoaderFixture.Even, static o => o.MaxBatchSize = 400);

        var results = await fixture.Loader.LoadManyAsync([.. Enumerable.Range(0, 1_000), 1, 2, 3]);

        results.Count.ShouldBe(1_000);
        fixture.Batches.Select(static b => b.Length).ShouldBe([400, 400, 200]);
        fixture.Metrics.Values("resilience.data.batch.size").ShouldBe([400, 400, 200]);
    }

    [Fact]
    public async Task Who_comes_after_the_last_one_left_gets_a_batch_of_its_own()
    {
        await using var fixture = new LoaderFixture(static async (context, keys, token) =>
        {
            token.ThrowIfCancellationRequested();
            return await LoaderFixture.Even(context, keys, token);
        });

        for (var i = 0; i < 2_000; i++)
        {
            using var leaving = new CancellationTokenSource();
            var left = fixture.Loader.LoadAsync(2, leaving.Token);
            await leaving.CancelAsync();
            var stays = fixture.Loader.LoadAsync(4);

            (await stays.Within()).State.ShouldBe(LoadState.Found);
            await Task.WhenAny(left);
        }
    }

    [Fact]
    public async Task A_cancelled_caller_does_not_affect_others_and_the_last_one_cancels_the_query()
    {
        // Two loads may miss each other on a busy machine; then there is nothing to show, and it is tried again.
        while (!await TryAsync())
        {
        }

        static async Task<bool> TryAsync()
        {
            var started = new TaskCompletionSource<CancellationToken>(TaskCreationOptions.RunContinuationsAsynchronously);
            var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            await using var fixture = new LoaderFixture(async (context, keys, token) =>
            {
                started.TrySetResult(token);
                await release.Task.WaitAsync(token);
                return await LoaderFixture.Even(context, keys, token);
            });
            using var leaving = new CancellationTokenSource();
            using var last = new CancellationTokenSource();
            var first = fixture.Loader.LoadAsync(2, leaving.Token);
            var second = fixture.Loader.LoadAsync(4, last.Token);
            var third = fixture.Loader.LoadAsync(4, last.Token);
            var token = await started.Task.Within();
            if (fixture.Batches[0].Length < 2)
            {
                release.SetResult();
                await Task.WhenAll(first, second, third);
                return false;
            }

            await leaving.CancelAsync();
            await Should.ThrowAsync<OperationCanceledException>(() => first);
            token.IsCancellationRequested.ShouldBeFalse();
            await last.CancelAsync();
            await Should.ThrowAsync<OperationCanceledException>(() => second);
            await Should.ThrowAsync<OperationCanceledException>(() => third);
            await Watchdog.UntilAsync(() => token.IsCancellationRequested);
            return true;
        }
    }

    [Fact]
    public async Task Any_of_fifty_callers_may_leave_and_the_others_get_their_values()
    {
        var random = new Random(Environment.ProcessId);
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {Environment.ProcessId}");
        for (var round = 0; round < 20; round++)
        {
            var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var cancelled = 0;
            await using var fixture = new LoaderFixture(async (context, keys, token) =>
            {
                using var registration = token.Register(() => Interlocked.Increment(ref cancelled));
                await release.Task;
                return await LoaderFixture.Even(context, keys, token);
            });
            CancellationTokenSource[] callers = [.. Enumerable.Range(0, 50).Select(static _ => new CancellationTokenSource())];
            var loads = callers.Select((caller, i) => fixture.Loader.LoadAsync(2 * (i / 2), caller.Token)).ToArray();
            int[] leaving = [.. Enumerable.Range(0, 49).Where(_ => random.Next(2) == 0)];
            await Watchdog.UntilAsync(() => fixture.Batches.Count > 0);

            await Task.WhenAll(leaving.Select(i => Task.Run(callers[i].Cancel)));
            foreach (var i in leaving)
            {
                await Should.ThrowAsync<OperationCanceledException>(() => loads[i]);
            }

            var abandoned = Volatile.Read(ref cancelled);
            release.SetResult();
            foreach (var i in Enumerable.Range(0, 50).Except(leaving))
            {
                (await loads[i].Within()).ShouldBe(new Loaded<string>(LoadState.Found, $"v{2 * (i / 2)}"));
            }

            // The last caller never leaves: at most a batch without it was given up.
            abandoned.ShouldBeLessThan(Math.Max(1, fixture.Batches.Count));
            Array.ForEach(callers, static c => c.Dispose());
        }
    }

    [Fact]
    public async Task A_poison_key_fails_alone_and_few_queries_find_it()
    {
        await using var fixture = new LoaderFixture(static (context, keys, token) => keys.Contains(333)
            ? throw new Npgsql.PostgresException("bad value", "ERROR", "ERROR", "22P02")
            : LoaderFixture.Even(context, keys, token));

        var results = await fixture.Loader.LoadManyAsync([.. Enumerable.Range(0, 1_000)]);

        results.Where(static p => p.Value.State == LoadState.Failed).Select(static p => p.Key).ShouldBe([333]);
        results[332].Value.ShouldBe("v332");
        (fixture.Batches.Count - 1).ShouldBeLessThanOrEqualTo((2 * (int)Math.Ceiling(Math.Log2(1_000))) + 1);
    }

    [Fact]
    public async Task Another_error_fails_the_batch_once_and_is_not_kept()
    {
        var fail = true;
        await using var fixture = new LoaderFixture((context, keys, token) =>
            fail ? throw new TimeoutException() : LoaderFixture.Even(context, keys, token));

        var results = await fixture.Loader.LoadManyAsync([1, 2, 3]);
        fail = false;

        results.Values.ShouldAllBe(static r => r.State == LoadState.Failed && r.Error is TimeoutException);
        fixture.Batches.Count.ShouldBe(1);
        (await fixture.Loader.LoadAsync(2)).ValueOrDefault.ShouldBe("v2");
        Should.Throw<TimeoutException>(() => results[1].ValueOrDefault);
    }

    [Fact]
    public async Task Nothing_of_the_caller_flows_into_the_batch()
    {
        var tenant = new AsyncLocal<string?> { Value = "a" };
        using var activity = new Activity("caller").Start();
        (string? Tenant, Activity? Activity, Transaction? Transaction, IServiceProvider? Services) seen = default;
        await using var fixture = new LoaderFixture((context, keys, token) =>
        {
            seen = (tenant.Value, Activity.Current, Transaction.Current, context.Services);
            return LoaderFixture.Even(context, keys, token);
        });

        using (new TransactionScope(TransactionScopeAsyncFlowOption.Enabled))
        {
            await fixture.Loader.LoadAsync(2);
            await fixture.Loader.LoadManyAsync([4]);
        }

        (seen.Tenant, seen.Activity, seen.Transaction).ShouldBe((null, null, null));
        seen.Services.ShouldNotBeNull();
        tenant.Value.ShouldBe("a");
    }

    [Fact]
    public async Task Scopes_never_share_a_batch()
    {
        var services = new ServiceCollection().AddMetrics();
        var batches = new List<int>();
        services.AddBatchLoader<int, string>("a", (context, keys, token) =>
        {
            lock (batches)
            {
                batches.Add(keys.Count);
            }

            return LoaderFixture.Even(context, keys, token);
        });
        await using var provider = services.BuildServiceProvider();
        await using var first = provider.CreateAsyncScope();
        await using var second = provider.CreateAsyncScope();

        await Task.WhenAll(
            first.ServiceProvider.GetRequiredService<IBatchLoader<int, string>>().LoadAsync(1),
            second.ServiceProvider.GetRequiredService<IBatchLoader<int, string>>().LoadAsync(1));

        batches.ShouldBe([1, 1]);
    }

    [Fact]
    public async Task Loads_that_are_awaited_one_by_one_are_reported_once()
    {
        await using var fixture = new LoaderFixture(LoaderFixture.Even);

        for (var i = 0; i < 10; i++)
        {
            await fixture.Loader.LoadAsync(i);
        }

        fixture.Logs.Of(4020).ShouldHaveSingleItem()["Loader"].ShouldBe("test");
        fixture.Metrics.Value("resilience.data.batch.sequential").ShouldBe(1);
    }

    [Fact]
    public async Task Loads_in_a_guarded_transaction_and_in_the_load_function_itself_are_refused()
    {
        await using var guard = await GuardFixture.CreateAsync(SqlDialect.Sqlite);
        IBatchLoader<int, string>? loader = null;
        await using var fixture = new LoaderFixture(async (_, _, token) =>
        {
            await loader!.LoadAsync(7, token);
            return new Dictionary<int, string>();
        });
        loader = fixture.Loader;

        await Should.ThrowAsync<InvalidOperationException>(async () => await guard.Transactions.RunAsync(
            GuardPlan.Create(), async (_, token) => await loader.LoadAsync(1, token)));
        (await loader.LoadAsync(1)).Error.ShouldBeOfType<InvalidOperationException>().Message.ShouldContain("wait for itself");
    }

    [Fact]
    public async Task A_full_queue_fails_at_once_and_frees_itself()
    {
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var fixture = new LoaderFixture(
            async (context, keys, token) =>
            {
                await release.Task;
                return await LoaderFixture.Even(context, keys, token);
            },
            static o => o.QueueLimit = 3);
        var waiting = fixture.Loader.LoadManyAsync([2, 4, 6]);

        (await fixture.Loader.LoadAsync(8)).State.ShouldBe(LoadState.Failed);
        (await fixture.Loader.LoadManyAsync([8]))[8].Error!.Message.ShouldContain("QueueLimit");
        release.SetResult();
        await waiting;

        (await fixture.Loader.LoadAsync(8)).Value.ShouldBe("v8");
    }

    [Fact]
    public void Two_loaders_of_the_same_types_are_told_apart_by_name()
    {
        var services = new ServiceCollection().AddMetrics();
        services.AddBatchLoader<int, string>("a", LoaderFixture.Even).AddBatchLoader<int, string>("b", LoaderFixture.Even).AddBatchLoader<int, string>("b", LoaderFixture.Even);
        using var provider = services.BuildServiceProvider();
        using var scope = provider.CreateScope();

        scope.ServiceProvider.GetRequiredKeyedService<IBatchLoader<int, string>>("a").ShouldNotBeSameAs(scope.ServiceProvider.GetRequiredKeyedService<IBatchLoader<int, string>>("b"));
        Should.Throw<InvalidOperationException>(() => scope.ServiceProvider.GetRequiredService<IBatchLoader<int, string>>()).Message.ShouldContain("a, b");
    }
}
