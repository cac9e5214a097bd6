using Microsoft.Extensions.Diagnostics.HealthChecks;
using Resilience.TestKit;

namespace Resilience.Queues.Redis.Tests.Behaviour;

/// <summary>Many streams, sampling by chance, and several nodes.</summary>
public sealed class StreamFamilyTests(PrivateRedis redis) : IClassFixture<PrivateRedis>
{
    private const int Node = 100;

    [Fact]
    public async Task Streams_of_a_family_join_with_their_first_append_and_leave_with_their_key()
    {
        const int rooms = 200;
        await using var stream = await StreamUnderTest.CreateAsync(
            redis.Server, static (StreamTrimmerOptions o) => o.AddFamily("room:", static s => s.MaxLength = 100).AddFamily("room:vip:", static s => s.MaxLength = 300));
        await stream.StartAsync();
        await Task.WhenAll(Enumerable.Range(0, rooms).Append(-1).Select(async room =>
        {
            var key = room < 0 ? "room:vip:1" : $"room:{room}";
            await stream.AddToAsync(key, 600);
            for (var i = 0; i < 600; i++)
            {
                stream.Trimmer.NotifyAppended(key);
            }
        }));
        await IntervalsAsync(stream, async () => (await LengthsAsync(stream, rooms)).All(static length => length <= 100 + Node) && await LengthAsync(stream, "room:vip:1") <= 300 + Node);

        (await LengthAsync(stream, "room:vip:1")).ShouldBeInRange(300, 300 + Node);
        var length = (await LengthsAsync(stream, rooms)).Sum();
        await IntervalsAsync(stream, async () => (await stream.HealthAsync()).Data is var data && data["room:*.streams"] is rooms && data["room:*.length"].Equals(length));
        var health = await stream.HealthAsync();
        health.Status.ShouldBe(HealthStatus.Healthy);
        (await LengthsAsync(stream, rooms)).Sum().ShouldBe(length);
        health.Data["room:vip:*.streams"].ShouldBe(1);
        await stream.Metrics.WhenAsync(static metrics => Streams(metrics).Contains("*"));
        Streams(stream.Metrics).ShouldBe(["room:*", "room:vip:*", "*"], ignoreOrder: true);

        await Task.WhenAll(Enumerable.Range(0, rooms / 2).Select(room => stream.Database.KeyDeleteAsync($"room:{room}")));
        await IntervalsAsync(stream, async () => (await stream.HealthAsync()).Data["room:*.streams"] is rooms / 2);
        await stream.StopAsync();
        await Task.WhenAll(Enumerable.Range(rooms / 2, rooms / 2).Select(room => stream.Database.KeyDeleteAsync($"room:{room}")).Append(stream.Database.KeyDeleteAsync("room:vip:1")));
    }

    [Fact]
    public async Task A_family_never_holds_more_streams_than_it_may()
    {
        await using var stream = await StreamUnderTest.CreateAsync(
            redis.Server, static (StreamTrimmerOptions o) => o.AddFamily("f:", static s => s.MaxLength = 1).MaxStreamsPerFamily = 3);
        await Task.WhenAll(Enumerable.Range(0, 50).Select(i => Task.Run(() => stream.Trimmer.NotifyAppended($"f:{i}"))));

        var known = 0;
        for (var i = 0; i < 50; i++)
        {
            try
            {
                await stream.Database.ExecuteAsync("XADD", $"f:{i}", "*", "p", "x");
                await stream.Trimmer.TrimAsync($"f:{i}");
                known++;
            }
            catch (ArgumentException)
            {
                // There was no room for it.
            }
        }

        known.ShouldBe(3);
        stream.Logs.Of(2022).ShouldHaveSingleItem();
        await Task.WhenAll(Enumerable.Range(0, 50).Select(i => stream.Database.KeyDeleteAsync($"f:{i}")));
    }

    [Fact]
    public async Task With_random_sampling_the_server_sees_about_one_trim_in_a_hundred_appends()
    {
        const int appends = 20_000;
        await using var stream = await StreamUnderTest.CreateAsync(
            redis.Server, static (StreamTrimmerOptions o) => o.AddStream(StreamUnderTest.Key, static s => s.MaxLength = 100).Sampling = TrimSampling.Random);
        await stream.StartAsync();
        await stream.Metrics.WhenAsync(static metrics => metrics.Count("resilience.queues.stream.trims") >= 1);
        var before = await redis.Server.CallsOfAsync("xtrim");
        for (var i = 0; i < appends / 2_000; i++)
        {
            var calls = await redis.Server.CallsOfAsync("xtrim");
            for (var j = 0; j < 2_000 / 50; j++)
            {
                await stream.AddAsync(50);
                for (var k = 0; k < 50; k++)
                {
                    stream.Trimmer.NotifyAppended(StreamUnderTest.Key);
                }
            }

            // A gap of more than 2,000 appends has a chance of 2 in a billion. However late the trimmer is, not all triggers meet.
            await Watchdog.UntilAsync(async () => await redis.Server.CallsOfAsync("xtrim") > calls);
        }

        await Watchdog.UntilAsync(async () => await stream.LengthAsync() < 100 + Node + 2_000);
        await stream.StopAsync();

        // The mean is 200 and its deviation 14; triggers that meet are one.
        (await redis.Server.CallsOfAsync("xtrim") - before).ShouldBeInRange(10, 200 + (6 * 14));
    }

    [Fact]
    public async Task Nodes_that_trim_at_once_remove_what_one_would_and_count_it_once()
    {
        await using var first = await StreamUnderTest.CreateAsync(redis.Server, static (StreamRetention o) => o.MaxLength = 500);
        await using var second = await StreamUnderTest.CreateAsync(redis.Server, static (StreamRetention o) => o.MaxLength = 500);
        var removed = 0L;
        for (var round = 0; round < 20; round++)
        {
            await first.AddAsync(1000);
            var results = await Task.WhenAll(new[] { first, second, first, second }.Select(static node => node.Trimmer.TrimAsync(StreamUnderTest.Key).AsTask()));
            removed += results.Sum(static result => result.Removed);
            var left = await first.LengthAsync();
            left.ShouldBeInRange(500, 500 + Node);
            removed.ShouldBe(((round + 1) * 1000) - left);
        }
    }

    /// <summary>Lets intervals pass until something is true.</summary>
    private static Task IntervalsAsync(StreamUnderTest stream, Func<Task<bool>> isTrue) => Watchdog.UntilAsync(async () =>
    {
        stream.Rest();
        return await isTrue();
    });

    private static IEnumerable<string> Streams(MetricCollector metrics) =>
        metrics.Measurements.SelectMany(static one => one.Tags).Where(static tag => tag.Key == "stream").Select(static tag => (string)tag.Value!).Distinct();

    private static async Task<long> LengthAsync(StreamUnderTest stream, string key) => (long)await stream.Database.ExecuteAsync("XLEN", key);

    private static Task<long[]> LengthsAsync(StreamUnderTest stream, int rooms) =>
        Task.WhenAll(Enumerable.Range(0, rooms).Select(room => LengthAsync(stream, $"room:{room}")));
}
