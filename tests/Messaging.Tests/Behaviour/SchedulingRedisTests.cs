using Resilience.TestKit;

namespace Messaging.Tests.Behaviour;

/// <summary>Delayed messages with their queue on Redis, by configuration alone.</summary>
public sealed class SchedulingRedisTests(RedisFixture redis) : IClassFixture<RedisFixture>
{
    [Theory]
    [InlineData(AppHome.Sqlite)]
    [InlineData(AppHome.PostgreSql)]
    public async Task The_queue_is_on_redis_and_a_message_is_sent_when_it_is_due(string database)
    {
        await using var home = await AppHome.CreateAsync(database);
        var prefix = RedisServer.NewPrefix();
        await using var app = await home.StartAsync(On(prefix), Replace.Patience);
        using var author = await app.NewUserAsync();
        var id = await author.CreateChannelAsync();
        await using var stream = await EventStream.OpenAsync(author, id);
        (await author.ScheduleAsync(id, "much later", 600)).ShouldHaveStatus(202);
        (await author.ScheduleAsync(id, "soon", 1)).ShouldHaveStatus(202);

        (await stream.WhenAsync("message")).GetProperty("text").GetString().ShouldBe("soon");

        ((object[])(await redis.Server.ExecuteAsync("KEYS", prefix + "*"))!).ShouldNotBeEmpty();
        (await author.ScheduledAsync()).ShouldHaveSingleItem().GetProperty("text").GetString().ShouldBe("much later");
        app.ShouldHaveLoggedNoProblem();
    }

    [Fact]
    public async Task Two_nodes_send_each_message_once()
    {
        const int Messages = 40;
        await using var home = await AppHome.CreateAsync(AppHome.PostgreSql);
        var settings = On(RedisServer.NewPrefix());
        await using var first = await home.StartAsync(settings, Replace.Patience);
        await using var second = await home.StartAsync(settings, Replace.Patience);
        using var here = await first.NewUserAsync();
        using var there = new TestClient(second.Url, here.Token);
        var id = await here.CreateChannelAsync();

        var replies = await Task.WhenAll(Enumerable.Range(0, Messages).Select(i => (i % 2 == 0 ? here : there).ScheduleAsync(id, $"m{i}", 1)));
        replies.ShouldAllBe(static reply => reply.Status == 202);
        await first.NothingPendingAsync();

        (await there.TextsAsync(id)).Order().ShouldBe(Enumerable.Range(0, Messages).Select(static i => $"m{i}").Order());
        first.ShouldHaveLoggedNoProblem();
        second.ShouldHaveLoggedNoProblem();
    }

    [Theory]
    [InlineData(AppHome.Sqlite)]
    [InlineData(AppHome.PostgreSql)]
    public async Task What_a_flushed_redis_lost_is_sent_from_the_rows(string database)
    {
        await using var server = await RedisServer.StartNewAsync();
        await using var home = await AppHome.CreateAsync(database);
        await using var app = await home.StartAsync(
            [$"--Redis:Configuration={server.Configuration},connectTimeout=20000", "--Queue:Redis:OperationTimeout=00:01:00", "--Queue:Recovery:Interval=00:00:00.3"]);
        using var author = await app.NewUserAsync();
        var id = await author.CreateChannelAsync();
        (await author.ScheduleAsync(id, "lost", 2)).ShouldHaveStatus(202);

        await server.FlushAsync();
        await app.NothingPendingAsync();

        (await author.TextsAsync(id)).ShouldBe(["lost"]);
    }

    [Theory]
    [InlineData(AppHome.Sqlite)]
    [InlineData(AppHome.PostgreSql)]
    public async Task While_redis_is_away_scheduling_answers_503_and_leaves_no_row_and_other_messages_go_on(string database)
    {
        await using var server = await RedisServer.StartNewAsync();
        await using var home = await AppHome.CreateAsync(database);
        await using var app = await home.StartAsync([$"--Redis:Configuration={server.Configuration}"]);
        using var author = await app.NewUserAsync();
        var id = await author.CreateChannelAsync();

        // Not every answer comes in time also while Redis is well: here it is given up soon.
        Reply waiting = null!;
        await Watchdog.UntilAsync(async () => (waiting = await author.ScheduleAsync(id, "waiting", 600, "c-0")).Status is 202 or 200, TimeSpan.FromSeconds(6));
        await server.KillAsync();

        var refused = (await author.ScheduleAsync(id, "refused", 600, "c-1")).ShouldBeRefused(503);

        refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds.ShouldBe(5);
        (await author.ScheduledAsync()).ShouldHaveSingleItem().GetProperty("text").GetString().ShouldBe("waiting");
        (await author.SayAsync(id, "at once")).ShouldHaveStatus(201);
        (await author.DeleteAsync($"/api/scheduled/{waiting["id"]}")).ShouldHaveStatus(204);
        (await author.ScheduledAsync()).ShouldBeEmpty();

        await server.StartAsync();
        await Watchdog.UntilAsync(async () => (await author.ScheduleAsync(id, "again", 600, "c-1")).Status is 202 or 200, TimeSpan.FromSeconds(6));
        (await author.ScheduledAsync()).ShouldHaveSingleItem().GetProperty("text").GetString().ShouldBe("again");
    }

    /// <summary>On the server that nobody takes away.</summary>
    private string[] On(string prefix) => [$"--Redis:Configuration={redis.Server.Configuration},connectTimeout=20000", $"--Redis:KeyPrefix={prefix}"];
}
