using System.Text.Json.Serialization;
using Microsoft.Extensions.DependencyInjection;
using Resilience.Queues.Conformance;
using Resilience.TestKit;

namespace Resilience.Queues.Redis.Tests.Behaviour;

public sealed partial class RedisQueueTests
{
    [Fact]
    public async Task Items_travel_as_json_through_a_queue_registered_with_UseRedis()
    {
        await using var services = await BuildAsync(RedisServer.NewPrefix());
        var queue = services.GetRequiredService<IDelayedQueue<Order>>();
        await queue.EnqueueAsync(new Order(17, "grün"), new EnqueueOptions { Id = "order-17" });

        var delivery = (await queue.ClaimAsync(1, TimeSpan.FromSeconds(30))).ShouldHaveSingleItem();

        delivery.Item.ShouldBe(new Order(17, "grün"));
        delivery.Id.ShouldBe("order-17");
        (await delivery.AcknowledgeAsync()).ShouldBeTrue();
        (await queue.GetStatsAsync()).Bytes.ShouldBeGreaterThanOrEqualTo(0);
    }

    [Fact]
    public async Task A_payload_that_cannot_be_read_becomes_a_dead_letter_and_is_never_handed_out()
    {
        var prefix = RedisServer.NewPrefix();
        await using var services = await BuildAsync(prefix);
        var queue = services.GetRequiredService<IDelayedQueue<Order>>();
        await queue.EnqueueAsync(new Order(1, "good"));
        var database = (await SharedConnection.GetAsync()).GetDatabase();
        var bodies = new RedisQueueKeys(prefix, "orders").All[2];
        foreach (var field in await database.HashKeysAsync(bodies))
        {
            await database.HashSetAsync(bodies, field, new byte[] { 1, 0, 0, 0, (byte)'{' });
        }

        await queue.EnqueueAsync(new Order(2, "fine"));
        var delivered = await queue.ClaimAsync(10, TimeSpan.Zero);

        delivered.ShouldHaveSingleItem().Item.Id.ShouldBe(2);
        var dead = (await queue.DeadLetters.ListAsync()).ShouldHaveSingleItem();
        (dead.Reason, dead.HasItem).ShouldBe((DeadLetterReason.Payload, false));
    }

    [Fact]
    public async Task A_node_that_meets_a_newer_format_says_so()
    {
        var prefix = RedisServer.NewPrefix();
        await using var services = await BuildAsync(prefix);
        await (await SharedConnection.GetAsync()).GetDatabase().StringSetAsync(new RedisQueueKeys(prefix, "orders").Version, 2);

        var error = await Should.ThrowAsync<InvalidOperationException>(async () => await services.GetRequiredService<IDelayedQueue<Order>>().GetStatsAsync());

        error.Message.ShouldContain("format 2");
        error.Message.ShouldContain("update");
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public async Task With_a_clock_an_hour_wrong_a_client_sends_nothing_early_and_nothing_late(int hours)
    {
        var wrong = new ManualTimeProvider();
        wrong.ShiftWallClock(TimeSpan.FromHours(hours));
        var connection = Task.FromResult(await SharedConnection.GetAsync());
        var options = new DelayedQueueOptions();
        var subject = (RedisStoreUnderTest)await RedisStoreUnderTest.CreateAsync(options);
        await using var right = new QueueUnderTest(subject.Store, subject.Time);
        var link = new RedisLink(() => connection, TimeSpan.FromSeconds(30), TimeProvider.System);
        await using var store = new RedisQueueStore<string>(
            new DelayedQueueContext("test", options, wrong), link, subject.Keys, new TextSerializer(), ScriptLibrary.WithTime(RedisStoreUnderTest.TimeLine(subject.Clock)));
        await using var skewed = new QueueUnderTest(store, wrong);

        await skewed.Queue.EnqueueAsync("by the wrong clock", new EnqueueOptions { Delay = TimeSpan.FromSeconds(10) });
        await right.Queue.EnqueueAsync("by the right clock", new EnqueueOptions { Delay = TimeSpan.FromSeconds(10) });
        await subject.AdvanceAsync(TimeSpan.FromSeconds(9.999));
        (await skewed.Queue.ClaimAsync(10, TimeSpan.Zero)).ShouldBeEmpty();
        (await right.Queue.ClaimAsync(10, TimeSpan.Zero)).ShouldBeEmpty();

        await subject.AdvanceAsync(TimeSpan.FromMilliseconds(1));
        var deliveries = await skewed.Queue.ClaimAsync(10, TimeSpan.Zero);
        deliveries.Count.ShouldBe(2);
        deliveries.ShouldAllBe(static one => one.Lateness == TimeSpan.Zero);
        await subject.DisposeAsync();
    }

    [Fact]
    public async Task All_keys_of_a_queue_carry_one_hash_tag_and_the_format()
    {
        await Task.CompletedTask;
        var keys = new RedisQueueKeys("rq", "orders");
        keys.WithLock.ShouldAllBe(static key => ((string)key!).StartsWith("rq:{orders}:1:", StringComparison.Ordinal));
        ((string)keys.Version!).ShouldBe("rq:{orders}:version");
    }

    [Fact]
    public async Task A_connection_that_the_package_opened_ends_with_the_container()
    {
        var server = await RedisServer.SharedAsync();
        var prefix = RedisServer.NewPrefix();
        var services = new ServiceCollection();
        services.AddMetrics();
        services.AddDelayedQueue<string>("text").UseRedis(
            o => (o.Configuration, o.KeyPrefix, o.OperationTimeout) = (server.Configuration + ",connectTimeout=30000", prefix, TimeSpan.FromMinutes(1)));
        var provider = services.BuildServiceProvider();
        var queue = provider.GetRequiredService<IDelayedQueue<string>>();
        (await queue.EnqueueAsync("x")).EnsureAccepted();

        await provider.DisposeAsync();

        await Should.ThrowAsync<ObjectDisposedException>(async () => await queue.EnqueueAsync("y"));
    }

    [Fact]
    public async Task Without_a_serializer_the_cure_is_named()
    {
        var services = new ServiceCollection();
        services.AddMetrics();
        services.AddDelayedQueue<Order>("orders").UseRedis(static o => o.Configuration = "localhost:1");
        await using var provider = services.BuildServiceProvider();
        Should.Throw<InvalidOperationException>(() => provider.GetRequiredService<IDelayedQueue<Order>>()).Message.ShouldContain("JsonTypeInfo");
    }

    private static async Task<ServiceProvider> BuildAsync(string prefix)
    {
        var connection = await SharedConnection.GetAsync();
        var services = new ServiceCollection();
        services.AddMetrics();
        services.AddDelayedQueue<Order>("orders", static o => o.VisibilityTimeout = TimeSpan.FromMinutes(10)).UseRedis(
            o => (o.Connection, o.KeyPrefix, o.JsonTypeInfo, o.OperationTimeout) = (connection, prefix, OrderJson.Default.Order, TimeSpan.FromMinutes(1)));
        return services.BuildServiceProvider();
    }

    internal sealed record Order(int Id, string Text);

    [JsonSerializable(typeof(Order))]
    internal sealed partial class OrderJson : JsonSerializerContext;
}
