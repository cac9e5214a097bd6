using System.Globalization;
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
    public Task Kill_9_of_a_worker_ten_thousand_times_loses_nothing()
    {
        // A run that has less time may ask for fewer.
        var kills = int.TryParse(Environment.GetEnvironmentVariable("RESILIENCE_KILLS"), CultureInfo.InvariantCulture, out var asked) ? asked : 10_000;
        return KillWorkersAsync(kills, messages: kills * 100);
    }

    [Fact]
    public async Task Accepted_messages_survive_a_server_that_is_killed_and_restarted_under_load()
    {
        await using var server = await RedisServer.StartNewAsync(new RedisServerOptions { AppendOnly = true });
        await using var services = Build(server.Configuration, "k:", o => (o.MaxSize, o.VisibilityTimeout) = (100_000, TimeSpan.FromSeconds(1)), TimeSpan.FromSeconds(5));
        var queue = services.GetRequiredService<IDelayedQueue<string>>();
        var accepted = new HashSet<string>();
        var handled = new HashSet<string>();
        var number = 0;
        var stopped = false;
        var load = LoadAsync();
        for (var round = 0; round < 3; round++)
        {
            var goal = Volatile.Read(ref number) + 300;
            await Watchdog.UntilAsync(() => Volatile.Read(ref number) > goal, TimeSpan.FromSeconds(6));
            await server.KillAndRestartAsync();
        }

        Volatile.Write(ref stopped, true);
        await load;
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

        // Adds and takes; what failed may or may not have been done, and is added again under its id.
        async Task LoadAsync()
        {
            await Task.Yield();
            while (!Volatile.Read(ref stopped))
            {
                try
                {
                    var item = $"m{number}";
                    (await queue.EnqueueAsync(item, new EnqueueOptions { Id = item })).IsAccepted.ShouldBeTrue();
                    accepted.Add(item);
                    if (Interlocked.Increment(ref number) % 10 == 0)
                    {
                        await TakeAsync();
                    }
                }
                catch (Exception error) when (error is RedisException or TimeoutException)
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
                }
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
        await using var services = Build(server.Configuration, prefix, Configure, TimeSpan.FromMinutes(1));
        var queue = services.GetRequiredService<IDelayedQueue<string>>();
        var database = services.GetRequiredService<IConnectionMultiplexer>().GetDatabase();
        var random = new Random(5);
        for (var sent = 0; sent < messages; sent += 1000)
        {
            await queue.EnqueueBatchAsync(Enumerable.Range(sent, 1000).Select(static i => new EnqueueRequest<string>(i % 100 == 0 ? $"fail{i}" : $"m{i}")).ToArray());
        }

        // The next one starts while the present one works, so that there is always somebody to kill.
        var next = ChildProcess.StartAsync<WorkerScenario>(server.Configuration, prefix);
        for (var kill = 0; kill < kills; kill++)
        {
            await using var worker = await next;
            next = ChildProcess.StartAsync<WorkerScenario>(server.Configuration, prefix);
            await worker.ReceiveAsync(TimeSpan.FromSeconds(6));

            // It dies in the middle of its work, with up to 64 messages in its hands.
            var goal = await database.HashLengthAsync(prefix + "done") + random.Next(1, 100);
            await Watchdog.UntilAsync(async () => await database.HashLengthAsync(prefix + "done") >= goal || await IsEmptyAsync(), TimeSpan.FromSeconds(6));
            await worker.KillAsync();
        }

        await using (var last = await next)
        {
            await Watchdog.UntilAsync(IsEmptyAsync, TimeSpan.FromSeconds(12));
            await last.StopAsync();
        }

        var done = (await database.HashKeysAsync(prefix + "done")).Select(static key => (string)key!).ToHashSet();
        var stats = await queue.GetStatsAsync();
        done.Count.ShouldBe(messages - (messages / 100));
        (stats.Size, stats.Dead).ShouldBe((0, messages / 100));
        await database.KeyDeleteAsync([.. new RedisQueueKeys(prefix + "rq", "work").All, prefix + "done"]);

        async ValueTask<bool> IsEmptyAsync() => (await queue.GetStatsAsync()).Size == 0;
    }

    private static ServiceProvider Build(string configuration, string prefix, Action<DelayedQueueOptions> configure, TimeSpan operationTimeout)
    {
        var services = new ServiceCollection();
        services.AddMetrics();
        services.AddSingleton<IConnectionMultiplexer>(_ => ConnectionMultiplexer.Connect(configuration + ",abortConnect=false,allowAdmin=true,connectTimeout=30000"));
        services.AddDelayedQueue<string>("work", configure).UseRedis(o => (o.KeyPrefix, o.OperationTimeout) = (prefix + "rq", operationTimeout));
        return services.BuildServiceProvider();
    }
}
