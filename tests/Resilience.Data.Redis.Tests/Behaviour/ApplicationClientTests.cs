using Microsoft.Extensions.DependencyInjection;
using Resilience.Data.Redis.Tests.Support;
using Resilience.TestKit;
using StackExchange.Redis;

namespace Resilience.Data.Redis.Tests.Behaviour;

/// <summary>On a client of the application, which lives longer than the cache.</summary>
public sealed class ApplicationClientTests
{
    [Fact]
    public async Task A_subscription_that_is_disposed_while_it_subscribes_leaves_nothing_on_the_client()
    {
        var (asked, answered) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), new TaskCompletionSource());
        var (subscriber, subscriptions) = ScriptedClient.Create<ISubscriber>((method, _) =>
        {
            if (method != "SubscribeAsync")
            {
                return null;
            }

            asked.SetResult();
            return answered.Task;
        });
        var (client, events) = ScriptedClient.Create<IConnectionMultiplexer>((method, _) => method == "GetSubscriber" ? subscriber : null);
        await using var services = Services(client);
        var subscription = services.GetRequiredService<ISharedCacheStore>().Subscribe(static _ => { });
        await asked.Task.Within();

        subscription.Dispose();
        answered.SetResult();

        // The server's answer came after the end: what it set up is taken back once more.
        await Watchdog.UntilAsync(() => subscriptions.Calls.Count(static call => call == "Unsubscribe") == 2);
        foreach (var name in new[] { "ConnectionRestored", "ConnectionFailed" })
        {
            events.Calls.Last(call => call.EndsWith(name, StringComparison.Ordinal)).ShouldBe($"remove_{name}");
        }
    }

    [Fact]
    public async Task When_one_group_fails_the_answers_of_all_others_are_looked_at()
    {
        var unobserved = 0;
        void Count(object? sender, UnobservedTaskExceptionEventArgs args) =>
            unobserved += args.Exception.InnerExceptions.Any(static e => e.Message.StartsWith("group of the test", StringComparison.Ordinal)) ? 1 : 0;
        TaskScheduler.UnobservedTaskException += Count;
        try
        {
            var calls = await FailAsync();
            calls.ShouldBeGreaterThan(1);
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        finally
        {
            TaskScheduler.UnobservedTaskException -= Count;
        }

        unobserved.ShouldBe(0);
    }

    /// <summary>In a method of its own: nothing of its calls is referred to afterwards.</summary>
    private static async Task<int> FailAsync()
    {
        var (database, script) = ScriptedClient.Create<IDatabase>(static (method, _) =>
            method == "ScriptEvaluateAsync" ? Task.FromException<RedisResult>(new TimeoutException("group of the test")) : null);
        var (client, _) = ScriptedClient.Create<IConnectionMultiplexer>((method, _) => method == "GetDatabase" ? database : null);
        await using var services = Services(client, groups: 8);
        var store = services.GetRequiredService<ISharedCacheStore>();

        await Should.ThrowAsync<TimeoutException>(async () => await store.ReadManyAsync([.. Enumerable.Range(0, 50).Select(static i => new SharedRead($"k{i}", []))], default));

        return script.Calls.Count(static call => call == "ScriptEvaluateAsync");
    }

    private static ServiceProvider Services(IConnectionMultiplexer client, int groups = 1)
    {
        var services = new ServiceCollection();
        services.AddMetrics();
        services.AddLogging();
        services.AddSingleton(client);
        services.AddFencedCache().UseRedis(o => o.SlotGroups = groups);
        return services.BuildServiceProvider();
    }
}
