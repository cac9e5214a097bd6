using Microsoft.Extensions.DependencyInjection;
using Resilience.Queues.Redis.Tests.Stress.Scenarios;
using Resilience.TestKit;
using StackExchange.Redis;

namespace Resilience.Queues.Redis.Tests.Stress;

public sealed class KillTests
{
    [Fact]
    public Task Kill_9_of_a_worker_forty_times_loses_nothing() => KillWorkersAsync(kills: 40, messages: 20_000);

    [Fact]
    [Trait("Category", "Soak")]
    public Task Kill_9_of_a_worker_ten_thousand_times_loses_nothing() => KillWorkersAsync(kills: 10_000, messages: 1_000_000);

    [Fact]
    public async Task Accepted_messages_survive_a_server_that_is_killed_and_restarted_under_load()
    {
        await using var server = await RedisServer.StartNewAsync(new RedisServerOptions { AppendOnly = true });
        await using var services = Build(server.Configuration, "k:", o => (o.MaxSize, o.VisibilityTimeout) = (100_000, TimeSpan.FromSeconds(1)));
        var queue = services.GetRequiredService<IDelayedQueue<string>>();
        var accepted = new HashSet<string>();
        var handled = new HashSet<string>();
        var number = 0;
        for (var round = 0; round < 3; round++)
        {
            var load = LoadAsync();
            await Watchdog.UntilAsync(() => Volatile.Read(ref number) > (round + 1) * 300);
            await server.KillAndRestartAsync();
            await load;
        }

        await Watchdog.UntilAsync(
            async () =>
            {
                try
                {
                    await TakeAsync();
                    return accepted.IsSubsetOf(handled) && (await queue.GetStatsAsync()).Size == 0;
                }
                catch (Exception error) when (error is RedisException or TimeoutException)
                {
                    return false;
                }
            },
            TimeSpan.FromSeconds(6));
        accepted.Count.ShouldBeGreaterThan(300);

        // Adds and takes until the server's death shows; what it acknowledged before is noted.
        async Task LoadAsync()
        {
            try
            {
                while (true)
                {
                    var item = $"m{Interlocked.Increment(ref number)}";
                    var result = await queue.EnqueueAsync(item, new EnqueueOptions { Id = item });
                    accepted.Add(item);
                    result.IsAccepted.ShouldBeTrue();
                    if (number % 10 == 0)
                    {
                        await TakeAsync();
                    }
                }
            }
            catch (Exception error) when (error is RedisException or TimeoutException)
            {
                // The next round begins.
            }
        }

        async Task TakeAsync()
        {
            foreach (var delivery in await queue.ClaimAsync(5, TimeSpan.Zero))
            {
                handled.Add(delivery.Item);
                await delivery.AcknowledgeAsync();
            }
        }
    }

    internal static void Configure(DelayedQueueOptions options)
    {
        options.MaxSize = 2_000_000;
        options.VisibilityTimeout = TimeSpan.FromMilliseconds(400);
        options.MaxIdlePoll = TimeSpan.FromMilliseconds(100);
        options.MaxDeliveries = 1000;
        options.MaxDeadLetters = 1_000_000;
    }

    private static async Task KillWorkersAsync(int kills, int messages)
    {
        var server = await RedisServer.SharedAsync();
        var prefix = RedisServer.NewPrefix();
        await using var services = Build(server.Configuration, prefix, Configure);
        var queue = services.GetRequiredService<IDelayedQueue<string>>();
        var database = services.GetRequiredService<IConnectionMultiplexer>().GetDatabase();
        var random = new Random(5);
        var sent = 0;
        for (var kill = 0; kill < kills; kill++)
        {
            // A share of the messages before every kill, so that there is always something to die with.
            var share = Math.Min(messages - sent, messages / kills);
            await queue.EnqueueBatchAsync(Enumerable.Range(sent, share).Select(static i => new EnqueueRequest<string>(i % 100 == 0 ? $"fail{i}" : $"m{i}")).ToArray());
            sent += share;
            await using var worker = await ChildProcess.StartAsync<WorkerScenario>(server.Configuration, prefix);
            await worker.ReceiveAsync(TimeSpan.FromSeconds(6));

            // It dies somewhere between its first messages and its last.
            var goal = await database.HashLengthAsync(prefix + "done") + random.Next(1, share);
            await Watchdog.UntilAsync(async () => await database.HashLengthAsync(prefix + "done") >= goal || await IsEmptyAsync(), TimeSpan.FromSeconds(6));
            await worker.KillAsync();
        }

        await using (var last = await ChildProcess.StartAsync<WorkerScenario>(server.Configuration, prefix))
        {
            await Watchdog.UntilAsync(IsEmptyAsync, TimeSpan.FromSeconds(12));
            await last.StopAsync();
        }

        var done = (await database.HashKeysAsync(prefix + "done")).Select(static key => (string)key!).ToHashSet();
        var stats = await queue.GetStatsAsync();
        done.Count.ShouldBe(sent - (sent / 100));
        (stats.Size, stats.Dead).ShouldBe((0, sent / 100));
        await database.KeyDeleteAsync([.. new RedisQueueKeys(prefix + "rq", "work").All, prefix + "done"]);

        async ValueTask<bool> IsEmptyAsync() => (await queue.GetStatsAsync()).Size == 0;
    }

    private static ServiceProvider Build(string configuration, string prefix, Action<DelayedQueueOptions> configure)
    {
        var services = new ServiceCollection();
        services.AddMetrics();
        services.AddSingleton<IConnectionMultiplexer>(_ => ConnectionMultiplexer.Connect(configuration + ",abortConnect=false,allowAdmin=true"));
        services.AddDelayedQueue<string>("work", configure).UseRedis(o => o.KeyPrefix = prefix + "rq");
        return services.BuildServiceProvider();
    }
}
