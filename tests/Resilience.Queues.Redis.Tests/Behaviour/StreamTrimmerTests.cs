using Microsoft.Extensions.Diagnostics.HealthChecks;
using Resilience.TestKit;
using StackExchange.Redis;

namespace Resilience.Queues.Redis.Tests.Behaviour;

public sealed class StreamTrimmerTests(PrivateRedis redis) : IClassFixture<PrivateRedis>
{
    private const int Node = 100;

    [Fact]
    public async Task With_a_slow_group_and_100000_appends_nothing_unread_is_lost_below_the_hard_cap_and_with_MAXLEN_it_is()
    {
        await using var stream = await StreamUnderTest.CreateAsync(redis.Server, static (StreamRetention o) => o.MaxLength = 50_000);
        await stream.CreateGroupAsync("slow");
        await stream.AddAsync(20_000);
        var pending = await stream.ReadAsync("slow", 10);

        for (var i = 0; i < 100; i++)
        {
            await stream.AddAsync(1000);
            (await stream.Trimmer.TrimAsync(StreamUnderTest.Key)).UnreadLost.ShouldBe(0);
        }

        // Nothing could go: the group has acknowledged nothing.
        (await stream.LengthAsync()).ShouldBe(120_000);
        stream.Metrics.Value("resilience.queues.stream.unread_lost").ShouldBe(0);
        stream.Metrics.Value("resilience.queues.stream.blocked").ShouldBe(1);
        (await stream.HealthAsync()).Status.ShouldBe(HealthStatus.Degraded);
        pending.Length.ShouldBe(10);

        // The same stream, trimmed as XADD MAXLEN ~ does: what the group never read has gone, and its lag hides it.
        await stream.Database.ExecuteAsync("XADD", StreamUnderTest.Key, "MAXLEN", "~", 50_000, "LIMIT", 0, "*", "payload", "x");
        (await stream.LengthAsync()).ShouldBeInRange(50_000, 50_000 + Node);
        (await stream.ReadAsync("slow", 200_000)).Length.ShouldBeLessThan(51_000);
    }

    [Fact]
    public async Task What_every_group_has_acknowledged_goes_down_to_the_retention()
    {
        await using var stream = await StreamUnderTest.CreateAsync(redis.Server, static (StreamRetention o) => (o.MaxLength, o.HardMaxLength) = (1000, 10_000));
        await stream.CreateGroupAsync("a");
        await stream.CreateGroupAsync("b");
        await stream.AddAsync(5000);
        await stream.AcknowledgeAsync("a", await stream.ReadAsync("a", 5000));
        await stream.AcknowledgeAsync("b", await stream.ReadAsync("b", 2000));

        var result = await stream.Trimmer.TrimAsync(StreamUnderTest.Key);
        (result.Removed, result.Length, result.Lag).ShouldBe((2000, 3000, 3000));
        await stream.AcknowledgeAsync("b", await stream.ReadAsync("b", 3000));
        result = await stream.Trimmer.TrimAsync(StreamUnderTest.Key);

        result.Length.ShouldBeInRange(1000, 1000 + Node);
        result.Blocked.ShouldBeFalse();
        result.Bytes.ShouldBeGreaterThan(0);
        (await stream.LengthAsync()).ShouldBe(result.Length);
        (await stream.Trimmer.TrimAsync(StreamUnderTest.Key)).Removed.ShouldBe(0);
    }

    [Fact]
    public async Task Behind_a_stuck_group_the_hard_cap_holds_loudly_and_the_loss_is_counted()
    {
        await using var stream = await StreamUnderTest.CreateAsync(redis.Server, static (StreamRetention o) => o.MaxLength = 1000);
        await stream.CreateGroupAsync("stuck");
        await stream.AddAsync(500);
        (await stream.ReadAsync("stuck", 100)).Length.ShouldBe(100);
        for (var i = 0; i < 60; i++)
        {
            await stream.AddAsync(100);
            var result = await stream.Trimmer.TrimAsync(StreamUnderTest.Key);
            result.Length.ShouldBeLessThan(4000 + Node);
        }

        // 6500 were added, 100 were read and never acknowledged: what is gone was either unread or unsettled.
        var lost = 6500 - await stream.LengthAsync();
        lost.ShouldBeGreaterThan(2000);
        stream.Metrics.Value("resilience.queues.stream.unread_lost").ShouldBe(lost);
        stream.Logs.Of(2020).ShouldHaveSingleItem();
        (await stream.HealthAsync()).Description!.ShouldContain("events.unread_lost");
    }

    [Fact]
    public async Task Appends_trigger_at_most_one_trim_command_per_hundred_and_the_interval_one_more()
    {
        await using var stream = await StreamUnderTest.CreateAsync(redis.Server, static (StreamRetention o) => o.MaxLength = 100);
        await stream.StartAsync();
        await stream.Metrics.WhenAsync(static metrics => metrics.Count("resilience.queues.stream.trims") >= 1);
        var before = await redis.Server.CallsOfAsync("xtrim");
        const int appends = 20_000;
        for (var i = 0; i < appends / 50; i++)
        {
            await stream.AddAsync(50);
            for (var j = 0; j < 50; j++)
            {
                stream.Trimmer.NotifyAppended(StreamUnderTest.Key);
            }
        }

        await Watchdog.UntilAsync(async () => await stream.LengthAsync() < 100 + Node + (2 * 100));
        await stream.StopAsync();
        var trims = await redis.Server.CallsOfAsync("xtrim") - before;
        trims.ShouldBeInRange(1, (appends / 100) + 1);
    }

    [Fact]
    public async Task The_interval_trims_a_stream_that_nobody_appends_to()
    {
        await using var stream = await StreamUnderTest.CreateAsync(redis.Server, static (StreamRetention o) => o.MaxLength = 100);
        await stream.StartAsync();
        await stream.AddAsync(1000);
        await Watchdog.UntilAsync(async () =>
        {
            stream.Rest();
            return await stream.LengthAsync() <= 100 + Node;
        });
        await stream.StopAsync();
    }

    [Fact]
    public async Task Old_entries_go_by_age_but_not_those_a_group_still_needs()
    {
        await using var stream = await StreamUnderTest.CreateAsync(redis.Server, static (StreamRetention o) => (o.MaxLength, o.MaxAge) = (100_000, TimeSpan.FromHours(1)));
        for (var i = 1; i <= 1000; i++)
        {
            _ = stream.Database.ExecuteAsync("XADD", StreamUnderTest.Key, $"{i}-0", "payload", "x");
        }

        await stream.AddAsync(1000);
        await stream.CreateGroupAsync("reader");
        await stream.AcknowledgeAsync("reader", await stream.ReadAsync("reader", 500));
        (await stream.Trimmer.TrimAsync(StreamUnderTest.Key)).Length.ShouldBe(1500);
        await stream.AcknowledgeAsync("reader", await stream.ReadAsync("reader", 2000));

        (await stream.Trimmer.TrimAsync(StreamUnderTest.Key)).Length.ShouldBe(1000);
    }

    [Fact]
    public async Task A_missing_stream_a_wrong_type_and_an_unregistered_one_end_nothing()
    {
        await using var stream = await StreamUnderTest.CreateAsync(redis.Server, static (StreamTrimmerOptions o) => o.AddStream("text").AddStream("missing").AddStream(StreamUnderTest.Key));
        await stream.Database.StringSetAsync("text", "x");
        (await stream.Trimmer.TrimAsync("text")).Status.ShouldBe(TrimStatus.WrongType);
        (await stream.Trimmer.TrimAsync("missing")).Status.ShouldBe(TrimStatus.Missing);
        await Should.ThrowAsync<ArgumentException>(async () => await stream.Trimmer.TrimAsync("unregistered"));
        stream.Trimmer.NotifyAppended("unregistered");
        stream.Trimmer.NotifyAppended("unregistered");
        stream.Logs.Of(2022).ShouldHaveSingleItem();
        await stream.Database.KeyDeleteAsync("text");
    }

    [Fact]
    public async Task A_group_without_activity_protects_nothing_after_its_time()
    {
        const string clock = "stale-clock";
        await using var stream = await StreamUnderTest.CreateAsync(redis.Server, static (StreamRetention o) => o.MaxLength = 100);
        var connection = Task.FromResult<IConnectionMultiplexer>(await ConnectionMultiplexer.ConnectAsync(redis.Server.Configuration + ",connectTimeout=30000"));
        var store = new RedisStreamTrimStore(
            new RedisLink(() => connection, TimeSpan.FromSeconds(30), TimeProvider.System), "rq", ScriptLibrary.WithTime(RedisStoreUnderTest.TimeLine(clock)));
        var request = new TrimRequest(StreamUnderTest.Key, new StreamRetention { MaxLength = 100, HardMaxLength = 2000, StaleGroupAfter = TimeSpan.FromHours(1) }, 10_000);
        await SetAsync(2_000_000_000);
        await stream.AddAsync(1000);
        await stream.CreateGroupAsync("abandoned");
        (await store.TrimAsync(request)).Removed.ShouldBe(0);

        await SetAsync(2_000_003_599);
        var (removed, stale) = await TrimAsync();
        (removed, stale).ShouldBe((0, 0));
        await SetAsync(2_000_003_600);
        (removed, stale) = await TrimAsync();
        stale.ShouldBe(1);
        removed.ShouldBeInRange(800, 900);

        async Task<(long Removed, int Stale)> TrimAsync()
        {
            var result = await store.TrimAsync(request);
            return (result.Removed, result.StaleGroups);
        }

        async Task SetAsync(long seconds)
        {
            await stream.Database.KeyDeleteAsync(clock);
            await stream.Database.ListRightPushAsync(clock, [seconds, 0]);
        }
    }

    [Fact]
    public async Task The_servers_memory_is_watched()
    {
        await using var server = await RedisServer.StartNewAsync(new RedisServerOptions { MaxMemory = 64 << 20 });
        await using var stream = await StreamUnderTest.CreateAsync(server, static (StreamRetention o) => o.MaxLength = 100);
        await stream.StartAsync();
        await stream.Metrics.WhenAsync(static metrics => metrics.Count("resilience.queues.server.memory.used") >= 1);
        stream.Metrics.Value("resilience.queues.server.memory.maximum").ShouldBe(64 << 20);
        for (var i = 0; i < 53; i++)
        {
            await stream.Database.ScriptEvaluateAsync("redis.call('SET', KEYS[1], string.rep('x', 1000000))", [$"ballast{i}"], []);
        }

        await Watchdog.UntilAsync(() =>
        {
            stream.Rest();
            return stream.Metrics.Values("resilience.queues.alert.active", ("alert", "server_memory")).Contains(1);
        });
        (await stream.HealthAsync()).Status.ShouldBe(HealthStatus.Degraded);
        await stream.StopAsync();
    }

    [Fact]
    public async Task A_server_that_is_away_delays_no_appender_and_trimming_goes_on_when_it_is_back()
    {
        await using var server = await RedisServer.StartNewAsync();
        await using var stream = await StreamUnderTest.CreateAsync(server, static (StreamRetention o) => o.MaxLength = 100);
        await stream.StartAsync();
        await stream.Time.WhenTimersAsync();
        await server.KillAsync();
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100_000; i++)
        {
            stream.Trimmer.NotifyAppended(StreamUnderTest.Key);
        }

        (GC.GetAllocatedBytesForCurrentThread() - allocated).ShouldBeLessThan(64 * 1024);
        await stream.Logs.WhenAsync(2021);
        await Watchdog.UntilAsync(async () => (await stream.HealthAsync()).Status == HealthStatus.Unhealthy);

        await server.StartAsync();
        await Watchdog.UntilAsync(
            async () =>
            {
                try
                {
                    await stream.AddAsync(1000);
                    return true;
                }
                catch (RedisException)
                {
                    return false;
                }
            },
            TimeSpan.FromSeconds(6));
        await Watchdog.UntilAsync(
            async () =>
            {
                for (var i = 0; i < 100; i++)
                {
                    stream.Trimmer.NotifyAppended(StreamUnderTest.Key);
                }

                return await stream.LengthAsync() <= 100 + Node;
            },
            TimeSpan.FromSeconds(6));
        await Watchdog.UntilAsync(async () => (await stream.HealthAsync()).Status == HealthStatus.Healthy);
        await stream.StopAsync();
    }
}
