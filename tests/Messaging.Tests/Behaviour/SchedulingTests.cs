using System.Globalization;
using System.Text.Json;
using Resilience.TestKit;

namespace Messaging.Tests.Behaviour;

/// <summary>Delayed messages by the API. Whatever callers do wrong, the log stays clean.</summary>
public abstract class SchedulingTests(ClockedFixture fixture) : IDisposable
{
    private readonly TestApp _app = fixture.App;

    public void Dispose()
    {
        _app.ShouldHaveLoggedNoProblem();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task It_arrives_on_the_stream_like_every_message_and_its_author_is_told()
    {
        using var author = await _app.NewUserAsync();
        using var member = await _app.NewUserAsync();
        var id = await author.CreateChannelAsync();
        await member.JoinAsync(id);
        await using var seen = await EventStream.OpenAsync(member, id);
        await using var own = await EventStream.OpenAsync(author, id);

        var scheduled = (await author.ScheduleAsync(id, "later", 1)).ShouldHaveStatus(202);
        await own.WhenAsync("scheduled", change => State(change) == "pending");
        await fixture.PassAsync(1);

        (await seen.WhenAsync("message")).GetProperty("text").GetString().ShouldBe("later");
        (await own.WhenAsync("scheduled", change => State(change) == "sent")).GetProperty("id").GetString().ShouldBe(scheduled["id"]);
        seen.Of("scheduled").ShouldBeEmpty();
    }

    [Fact]
    public async Task A_cancelled_message_is_never_sent_and_gives_its_place_back()
    {
        var time = new ManualTimeProvider();
        await using var home = await AppHome.CreateAsync(fixture.Database);
        await using var app = await home.StartCountedAsync(time);
        using var author = await app.NewUserAsync();
        var id = await author.CreateChannelAsync();
        var scheduled = (await author.ScheduleAsync(id, "no", 60)).ShouldHaveStatus(202);

        (await author.DeleteAsync($"/api/scheduled/{scheduled["id"]}")).ShouldHaveStatus(204);

        (await app.Queue().GetStatsAsync()).Size.ShouldBe(0);
        (await author.ScheduledAsync()).ShouldBeEmpty();
        (await author.DeleteAsync($"/api/scheduled/{scheduled["id"]}")).ShouldBeRefused(404);
        time.Advance(TimeSpan.FromSeconds(60));
        await app.QuietAsync(time);
        (await author.TextsAsync(id)).ShouldBeEmpty();
        app.ShouldHaveLoggedNoProblem();
    }

    [Fact]
    public async Task What_was_sent_cannot_be_cancelled_any_more()
    {
        using var author = await _app.NewUserAsync();
        var id = await author.CreateChannelAsync();
        var scheduled = (await author.ScheduleAsync(id, "gone", 1)).ShouldHaveStatus(202);
        await fixture.PassAsync(1);

        (await author.DeleteAsync($"/api/scheduled/{scheduled["id"]}")).ShouldBeRefused(409);

        (await author.TextsAsync(id)).ShouldBe(["gone"]);
    }

    [Fact]
    public async Task A_scheduled_message_is_its_authors_alone()
    {
        using var author = await _app.NewUserAsync();
        using var other = await _app.NewUserAsync();
        var id = await author.CreateChannelAsync();
        await other.JoinAsync(id);
        var scheduled = (await author.ScheduleAsync(id, "mine", 60)).ShouldHaveStatus(202);

        (await other.ScheduledAsync()).ShouldBeEmpty();
        (await other.DeleteAsync($"/api/scheduled/{scheduled["id"]}")).ShouldBeRefused(404);
        (await other.DeleteAsync("/api/scheduled/999999")).ShouldBeRefused(404);
        (await other.DeleteAsync("/api/scheduled/x")).ShouldBeRefused(404);
        (await author.ScheduledAsync()).ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Nobody_schedules_without_a_session_or_a_membership()
    {
        using var author = await _app.NewUserAsync();
        using var stranger = await _app.NewUserAsync();
        using var nobody = _app.NewClient();
        var id = await author.CreateChannelAsync();

        (await nobody.ScheduleAsync(id, "x", 1)).ShouldBeRefused(401);
        (await nobody.GetAsync("/api/scheduled")).ShouldBeRefused(401);
        (await nobody.DeleteAsync("/api/scheduled/1")).ShouldBeRefused(401);
        (await stranger.ScheduleAsync(id, "x", 1)).ShouldBeRefused(403);
        (await author.ScheduleAsync("999999", "x", 1)).ShouldBeRefused(404);
        (await stranger.ScheduledAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_delay_has_1_to_2592000_seconds()
    {
        using var author = await _app.NewUserAsync();
        var id = await author.CreateChannelAsync();

        (await author.ScheduleAsync(id, "x", 2_592_000)).ShouldHaveStatus(202);
        (await author.ScheduleAsync(id, "x", 2_592_001)).ShouldNameField("delaySeconds", "1 to 2,592,000");
        (await author.ScheduleAsync(id, "x", 0)).ShouldNameField("delaySeconds", "1 to 2,592,000");
        (await author.ScheduleAsync(id, " ", 1)).ShouldNameField("text", "1 to 4,000");
    }

    [Fact]
    public async Task The_list_comes_in_pages()
    {
        using var author = await _app.NewUserAsync();
        var id = await author.CreateChannelAsync();
        for (var i = 1; i <= 5; i++)
        {
            await author.ScheduleAsync(id, i.ToString(CultureInfo.InvariantCulture), 3_600);
        }

        var first = (await author.GetAsync("/api/scheduled?limit=3")).ShouldHaveStatus(200);
        first.Items.Select(Text).ShouldBe(["1", "2", "3"]);
        var rest = (await author.GetAsync($"/api/scheduled?limit=3&after={first["next"]}")).ShouldHaveStatus(200);
        rest.Items.Select(Text).ShouldBe(["4", "5"]);
        rest.Json.GetProperty("next").ValueKind.ShouldBe(JsonValueKind.Null);
        (await author.GetAsync("/api/scheduled?limit=0")).ShouldNameField("limit", "1 to 200");
        (await author.GetAsync("/api/scheduled?after=x")).ShouldNameField("after", "next");
    }

    [Fact]
    public async Task The_same_client_id_many_times_at_once_is_one_message_scheduled_or_not()
    {
        using var author = await _app.NewUserAsync();
        var id = await author.CreateChannelAsync();

        var replies = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => author.ScheduleAsync(id, "once", 60, "same")));
        var direct = await author.SayAsync(id, "once", "same");

        replies.Count(static reply => reply.Status == 202).ShouldBe(1);
        replies.Count(static reply => reply.Status == 200).ShouldBe(7);
        replies.Append(direct.ShouldHaveStatus(200)).Select(static reply => reply["id"]).Distinct().ShouldHaveSingleItem();
        (await author.ScheduledAsync()).ShouldHaveSingleItem();
        await fixture.PassAsync(60);
        (await author.TextsAsync(id)).ShouldBe(["once"]);
        (await author.ScheduleAsync(id, "once", 60, "same")).ShouldHaveStatus(200).Json.GetProperty("sequence").GetInt64().ShouldBe(1);
        (await author.SayAsync(id, "once", "same")).ShouldHaveStatus(200);
        (await author.TextsAsync(id)).ShouldBe(["once"]);
    }

    [Fact]
    public async Task The_client_id_of_a_sent_message_schedules_nothing()
    {
        using var author = await _app.NewUserAsync();
        var id = await author.CreateChannelAsync();
        var sent = (await author.SayAsync(id, "once", "same")).ShouldHaveStatus(201);

        (await author.ScheduleAsync(id, "once", 60, "same")).ShouldHaveStatus(200).Text.ShouldBe(sent.Text);

        (await author.ScheduledAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_late_repetition_does_not_bring_a_cancelled_message_back()
    {
        using var author = await _app.NewUserAsync();
        var id = await author.CreateChannelAsync();
        var scheduled = (await author.ScheduleAsync(id, "no", 60, "same")).ShouldHaveStatus(202);
        (await author.DeleteAsync($"/api/scheduled/{scheduled["id"]}")).ShouldHaveStatus(204);

        (await author.ScheduleAsync(id, "no", 60, "same")).ShouldHaveStatus(200)["state"].ShouldBe("cancelled");

        (await author.ScheduledAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_user_has_at_most_100_waiting_messages_whatever_the_timing()
    {
        using var author = await _app.NewUserAsync();
        var channels = new[] { await author.CreateChannelAsync(), await author.CreateChannelAsync() };

        var replies = await Task.WhenAll(Enumerable.Range(0, 110).Select(i => author.ScheduleAsync(channels[i % 2], $"m{i}", 1_800)));

        replies.Count(static reply => reply.Status == 202).ShouldBe(100);
        var refused = replies.Where(static reply => reply.Status != 202).ToList();
        refused.ForEach(static reply => reply.ShouldBeRefused(429));
        refused[0]["detail"].ShouldContain("at most 100");
        refused[0].Headers.RetryAfter!.Delta!.Value.ShouldBeInRange(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1_800));
        var waiting = await author.ScheduledAsync();
        waiting.Length.ShouldBe(100);
        (await author.DeleteAsync($"/api/scheduled/{Id(waiting[0])}")).ShouldHaveStatus(204);
        (await author.ScheduleAsync(channels[0], "one more", 1_800)).ShouldHaveStatus(202);
    }

    [Fact]
    public async Task Who_was_banned_before_it_was_due_sends_nothing_and_learns_why()
    {
        using var owner = await _app.NewUserAsync();
        using var author = await _app.NewUserAsync();
        var id = await owner.CreateChannelAsync();
        await author.JoinAsync(id);
        await using var stream = await EventStream.OpenAsync(author, string.Empty);
        var scheduled = (await author.ScheduleAsync(id, "hello", 20)).ShouldHaveStatus(202);
        (await owner.PutAsync($"/api/channels/{id}/bans/{author.UserId}")).ShouldHaveStatus(204);

        await fixture.PassAsync(20);

        var failed = (await author.ScheduledAsync()).ShouldHaveSingleItem();
        State(failed).ShouldBe("failed");
        Text(failed).ShouldBe("hello");
        failed.GetProperty("reason").GetString().ShouldBe("You are banned from this channel.");
        (await stream.WhenAsync("scheduled", change => State(change) == "failed")).GetProperty("id").GetString().ShouldBe(scheduled["id"]);
        (await owner.TextsAsync(id)).ShouldBeEmpty();

        // It stays listed until its author has seen it, also when the ban is lifted.
        (await owner.DeleteAsync($"/api/channels/{id}/bans/{author.UserId}")).ShouldHaveStatus(204);
        (await author.DeleteAsync($"/api/scheduled/{scheduled["id"]}")).ShouldHaveStatus(204);
        (await author.ScheduledAsync()).ShouldBeEmpty();
        (await owner.TextsAsync(id)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Who_left_before_it_was_due_sends_nothing_and_learns_why()
    {
        using var owner = await _app.NewUserAsync();
        using var author = await _app.NewUserAsync();
        var id = await owner.CreateChannelAsync();
        await author.JoinAsync(id);
        await author.ScheduleAsync(id, "hello", 20);
        (await author.DeleteAsync($"/api/channels/{id}/members/me")).ShouldHaveStatus(204);

        await fixture.PassAsync(20);

        var failed = (await author.ScheduledAsync()).ShouldHaveSingleItem();
        failed.GetProperty("reason").GetString().ShouldBe("You are not a member of this channel.");
        (await owner.TextsAsync(id)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_message_is_sent_after_its_author_signed_out()
    {
        using var owner = await _app.NewUserAsync();
        using var author = await _app.NewUserAsync();
        var id = await owner.CreateChannelAsync();
        await author.JoinAsync(id);
        await author.ScheduleAsync(id, "later", 20);
        (await author.DeleteAsync("/api/session")).ShouldHaveStatus(204);

        await fixture.PassAsync(20);

        (await owner.TextsAsync(id)).ShouldBe(["later"]);
    }

    [Fact]
    public async Task What_the_queue_lost_is_put_back_from_the_rows()
    {
        using var author = await _app.NewUserAsync();
        var id = await author.CreateChannelAsync();
        var scheduled = (await author.ScheduleAsync(id, "lost", 300)).ShouldHaveStatus(202);
        (await _app.Queue().CancelAsync((await _app.KeyAsync(scheduled["id"])).Key)).ShouldBeTrue();

        await PassUntilAsync(async () => (await author.ScheduledAsync()).Length == 0);

        (await author.TextsAsync(id)).ShouldBe(["lost"]);
    }

    [Fact]
    public async Task Old_rows_that_ended_leave()
    {
        using var author = await _app.NewUserAsync();
        var id = await author.CreateChannelAsync();
        var scheduled = (await author.ScheduleAsync(id, "old", 1)).ShouldHaveStatus(202);
        await fixture.PassAsync(1);
        var weekAgo = fixture.Time.GetUtcNow().AddDays(-8).ToUnixTimeMilliseconds();
        await Stored.RunAsync(_app, $"UPDATE scheduled_messages SET due_at = {weekAgo} WHERE id = {scheduled["id"]}");

        await PassUntilAsync(async () => (await Stored.TextsAsync(_app, $"SELECT id FROM scheduled_messages WHERE id = {scheduled["id"]}")).Count == 0);

        (await author.TextsAsync(id)).ShouldBe(["old"]);
    }

    /// <summary>Lets time pass, in which the recovery looks at the rows, in steps shorter than any interval: what it adds late is handled in the next one.</summary>
    private Task PassUntilAsync(Func<Task<bool>> condition) => Watchdog.UntilAsync(
        async () =>
        {
            await fixture.PassAsync(10);
            return await condition();
        },
        TimeSpan.FromSeconds(12),
        what: "the recovery to look at the rows");

    private static string Id(JsonElement item) => item.GetProperty("id").GetString()!;

    private static string Text(JsonElement item) => item.GetProperty("text").GetString()!;

    private static string State(JsonElement item) => item.GetProperty("state").GetString()!;
}

public sealed class SqliteSchedulingTests(ClockedSqlite fixture) : SchedulingTests(fixture), IClassFixture<ClockedSqlite>;

public sealed class PostgreSqlSchedulingTests(ClockedPostgreSql fixture) : SchedulingTests(fixture), IClassFixture<ClockedPostgreSql>;
