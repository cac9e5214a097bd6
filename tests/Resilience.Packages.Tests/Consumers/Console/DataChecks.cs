using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.DependencyInjection;
using Resilience.Data;

internal static class DataChecks
{
    public static async Task RunAsync()
    {
        var batches = 0;
        var services = new ServiceCollection().AddLogging().AddMetrics();
        services.AddBatchLoader<int, string>("names", (context, keys, cancellationToken) =>
        {
            batches++;
            return Task.FromResult<IReadOnlyDictionary<int, string>>(keys.Where(static key => key < 90).ToDictionary(static key => key, static key => $"name {key}"));
        });
        services.AddQueryMonitor();
        await using var provider = services.BuildServiceProvider();
        await using var scope = provider.CreateAsyncScope();
        var loader = scope.ServiceProvider.GetRequiredService<IBatchLoader<int, string>>();

        var many = await loader.LoadManyAsync([.. Enumerable.Range(1, 100)]);
        Check.That(batches == 1 && many.Count == 100 && many[1].Value == "name 1", "a hundred keys are one batch");

        // How many of the calls share a batch depends on how quickly they follow each other; a machine may stand still between two of them.
        var loaded = await Task.WhenAll(Enumerable.Range(1, 100).Select(key => loader.LoadAsync(key)));
        Check.That(batches < 50, "a hundred calls are few batches");
        Check.That(loaded[0].Value == "name 1" && loaded[99].State == LoadState.Missing, "each caller gets its own");

        var name = "'; DROP TABLE users; --";
        var statement = Sql.Of($"SELECT id FROM users WHERE name = {name} AND city {Sql.LikeContains("50%")}");
        Check.That(!statement.Text.Contains("DROP", StringComparison.Ordinal) && statement.Text.Contains("@p0", StringComparison.Ordinal), "values are parameters");

        var monitor = provider.GetRequiredService<QueryMonitor>();
        using (monitor.BeginScope("check"))
        {
            Check.That(monitor.Health.Sources == 0, "nothing is monitored yet");
        }

        var plan = GuardPlan.Create().RequireRow("members", ("channel_id", 1L), ("user_id", 2L)).LockRows("messages", "id", [3L]).ExpectRows();
        Check.That(plan is not null, "a plan is structure");
        await CacheAsync();
    }

    private static async Task CacheAsync()
    {
        var services = new ServiceCollection().AddLogging().AddMetrics();
        services.AddFencedCache();
        await using var provider = services.BuildServiceProvider();
        var hybrid = provider.GetRequiredService<HybridCache>();
        var cache = provider.GetRequiredService<FencedCache>();
        var loads = 0;

        ValueTask<string> Load(CancellationToken cancellationToken) => ValueTask.FromResult($"value {++loads}");
        Check.That(await hybrid.GetOrCreateAsync("key", Load) == "value 1" && await hybrid.GetOrCreateAsync("key", Load) == "value 1", "the second read is a hit");
        await using (await cache.BeginWriteAsync(["key"]))
        {
        }

        Check.That(await hybrid.GetOrCreateAsync("key", Load) == "value 2", "a write makes it invalid");
    }
}
