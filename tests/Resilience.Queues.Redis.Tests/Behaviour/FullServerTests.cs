using System.Text.Json.Serialization;
using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;

namespace Resilience.Queues.Redis.Tests.Behaviour;

/// <summary>A server at its limit of memory refuses what fills it. What drains it goes on, or nothing would ever make room.</summary>
public sealed partial class FullServerTests(PrivateRedis redis) : IClassFixture<PrivateRedis>
{
    [Fact]
    public async Task On_a_full_server_messages_are_still_claimed_extended_retried_acknowledged_and_cleaned_up()
    {
        using var connection = await ConnectionMultiplexer.ConnectAsync(redis.Server.Configuration + ",connectTimeout=30000,allowAdmin=true");
        var services = new ServiceCollection();
        services.AddMetrics();
        services.AddDelayedQueue<string>("full", static o => (o.MessageTtl, o.VisibilityTimeout) = (TimeSpan.FromHours(1), TimeSpan.FromMinutes(10)))
            .UseRedis(o => (o.Connection, o.JsonTypeInfo, o.OperationTimeout) = (connection, TextJson.Default.String, TimeSpan.FromMinutes(1)));
        await using var provider = services.BuildServiceProvider();
        var queue = provider.GetRequiredService<IDelayedQueue<string>>();
        var text = new string('x', 10_000);
        for (var i = 0; i < 10; i++)
        {
            await queue.EnqueueBatchAsync(Enumerable.Range(0, 10).Select(_ => new EnqueueRequest<string>(text)).ToArray());
        }

        await connection.GetDatabase().ExecuteAsync("CONFIG", "SET", "maxmemory-policy", "noeviction");
        await connection.GetDatabase().ExecuteAsync("CONFIG", "SET", "maxmemory", "1mb");

        await Should.ThrowAsync<RedisServerException>(async () => await queue.EnqueueAsync("one more"));
        var deliveries = await queue.ClaimAsync(50, TimeSpan.FromSeconds(30));
        deliveries.Count.ShouldBe(50);
        (await deliveries[0].ExtendAsync(TimeSpan.FromMinutes(1))).ShouldBeTrue();
        (await deliveries[1].RetryAsync(error: "later")).ShouldBeTrue();
        (await deliveries[2].DeadLetterAsync("no")).ShouldBeTrue();
        (await deliveries[3].ReleaseAsync()).ShouldBeTrue();
        (await queue.CleanupAsync()).Status.ShouldBe(CleanupStatus.Completed);
        foreach (var delivery in deliveries.Skip(4))
        {
            (await delivery.AcknowledgeAsync()).ShouldBeTrue();
        }

        // 100 were added; 46 were acknowledged and one is dead.
        (await queue.GetStatsAsync()).Size.ShouldBe(53);
    }

    [JsonSerializable(typeof(string))]
    private sealed partial class TextJson : JsonSerializerContext;
}
