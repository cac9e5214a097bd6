using System.Data.Common;
using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.DependencyInjection;
using Resilience.Data.Tests.Support;

namespace Resilience.Data.Tests.Behaviour;

public sealed class GuardAndCacheTests
{
    [Theory]
    [InlineData(SqlDialect.PostgreSql)]
    [InlineData(SqlDialect.Sqlite)]
    public async Task The_cache_is_invalidated_with_the_commit(SqlDialect dialect)
    {
        await using var database = await TestDatabase.CreateAsync(dialect, Forum.Schema);
        var services = new ServiceCollection().AddMetrics();
        services.AddSingleton<DbDataSource>(database.Source);
        services.AddFencedCache();
        services.AddFencedCache();
        services.AddGuardedTransactions(Forum.Order);
        await using var provider = services.BuildServiceProvider();
        var cache = provider.GetRequiredService<FencedCache>();
        provider.GetServices<HybridCache>().ShouldHaveSingleItem().ShouldBeSameAs(cache);
        var transactions = provider.GetRequiredService<IGuardedTransactions>();
        var loads = 0;
        ValueTask<string> ReadAsync() => cache.GetOrCreateAsync("message:1", async token =>
        {
            loads++;
            return await database.ScalarAsync<string>("SELECT text FROM messages WHERE id = 1");
        }, tags: ["messages"]);
        (await ReadAsync()).ShouldBe("one");

        (await transactions.ExecuteAsync(Forum.Edit(9, 1).Invalidate("message:1"), Forum.SetText(1, "refused"))).Outcome.ShouldBe(GuardOutcome.Denied);
        (await ReadAsync()).ShouldBe("one");
        loads.ShouldBe(1, "a refused change invalidates nothing");

        (await transactions.ExecuteAsync(Forum.Edit(2, 1).Invalidate("message:1"), Forum.SetText(1, "by key"))).IsApplied.ShouldBeTrue();
        (await ReadAsync()).ShouldBe("by key");
        (await transactions.ExecuteAsync(Forum.Edit(2, 1).InvalidateTags("messages"), Forum.SetText(1, "by tag"))).IsApplied.ShouldBeTrue();
        (await ReadAsync()).ShouldBe("by tag");
        (await transactions.RunAsync(Forum.Edit(2, 1), static (context, token) =>
        {
            context.Invalidate("message:1");
            return context.ExecuteAsync(Forum.SetText(1, "by the work"), token);
        })).IsApplied.ShouldBeTrue();
        (await ReadAsync()).ShouldBe("by the work");
    }
}
