namespace Messaging.Tests.Behaviour;

public abstract class EventTests(MessagingFixture fixture) : MessagingTests(fixture)
{
    [Fact]
    public async Task Members_get_messages_in_the_order_of_the_sequence_as_the_api_shows_them()
    {
        using var author = await App.NewUserAsync();
        using var member = await App.NewUserAsync();
        var id = await author.CreateChannelAsync();
        await member.JoinAsync(id);
        await using var stream = await EventStream.OpenAsync(member, id);

        var replies = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => author.SayAsync(id, $"m{i}")));
        await stream.WhenAsync("message", 20);

        stream.Of("message").Select(static entry => entry.Data.GetProperty("sequence").GetInt64()).ShouldBe(Enumerable.Range(1, 20).Select(static i => (long)i));
        stream.Of("message").Select(static entry => entry.Data.GetRawText()).ShouldBe(replies.Select(static reply => reply.Text), ignoreOrder: true);
    }

    [Fact]
    public async Task A_stream_that_comes_back_gets_what_it_missed_once()
    {
        using var author = await App.NewUserAsync();
        var id = await author.CreateChannelAsync();
        string position;
        await using (var first = await EventStream.OpenAsync(author, id))
        {
            await author.SayAsync(id, "before");
            await first.WhenAsync("message");
            position = first.LastEventId;
        }

        await author.SayAsync(id, "while away");
        await using var second = await EventStream.OpenAsync(author, id, position);
        await author.SayAsync(id, "after");
        await second.WhenAsync("message", 2);

        second.Of("message").Select(static entry => entry.Data.GetProperty("text").GetString()).ShouldBe(["while away", "after"]);
        second.Of("sse.gap").ShouldBeEmpty();
    }

    [Fact]
    public async Task Channels_that_were_not_asked_for_are_not_delivered()
    {
        using var author = await App.NewUserAsync();
        var (asked, other) = (await author.CreateChannelAsync(), await author.CreateChannelAsync());
        await using var stream = await EventStream.OpenAsync(author, asked);

        await author.SayAsync(other, "elsewhere");
        await author.SayAsync(asked, "here");
        await stream.WhenAsync("message");

        stream.Of("message").ShouldHaveSingleItem().Data.GetProperty("text").GetString().ShouldBe("here");
    }

    [Fact]
    public async Task The_callers_own_channel_is_always_subscribed()
    {
        using var owner = await App.NewUserAsync();
        using var guest = await App.NewUserAsync();
        var id = await owner.CreateChannelAsync(isPrivate: true);
        await using var stream = await EventStream.OpenAsync(guest, string.Empty);

        await owner.PostAsync($"/api/channels/{id}/members", new { userId = guest.UserId });
        await stream.WhenAsync("membership", change => change.GetProperty("channelId").GetString() == id);
        await owner.SayAsync(id, "hello");
        await guest.PutAsync($"/api/channels/{id}/read", new { sequence = 1 });

        var read = await stream.WhenAsync("channel.read");
        read.GetProperty("channelId").GetString().ShouldBe(id);
        read.GetProperty("sequence").GetInt64().ShouldBe(1);
    }

    [Fact]
    public async Task What_a_user_has_read_is_told_to_nobody_else()
    {
        using var owner = await App.NewUserAsync();
        using var reader = await App.NewUserAsync();
        var id = await owner.CreateChannelAsync();
        await reader.JoinAsync(id);
        await using var stream = await EventStream.OpenAsync(owner, id);

        await owner.SayAsync(id, "read me");
        await reader.PutAsync($"/api/channels/{id}/read", new { sequence = 1 });
        await owner.SayAsync(id, "the end");
        await stream.WhenAsync("message", 2);

        stream.Of("channel.read").ShouldBeEmpty();
    }

    [Fact]
    public async Task Who_leaves_gets_nothing_more_on_the_open_stream()
    {
        using var owner = await App.NewUserAsync();
        using var member = await App.NewUserAsync();
        var id = await owner.CreateChannelAsync();
        await member.JoinAsync(id);
        await using var stream = await EventStream.OpenAsync(member, id);

        (await member.DeleteAsync($"/api/channels/{id}/members/me")).ShouldHaveStatus(204);
        (await owner.SayAsync(id, "behind your back")).ShouldHaveStatus(201);

        // A later event of the member's own channel shows that everything before it has been delivered.
        await stream.WhenAsync("membership", static change => !change.GetProperty("joined").GetBoolean());
        await member.CreateChannelAsync();
        await stream.WhenAsync("membership", static change => change.GetProperty("role").GetString() == "owner");
        stream.Of("message").ShouldBeEmpty();
    }

    [Fact]
    public async Task Who_is_removed_cannot_come_back_for_what_was_missed()
    {
        using var owner = await App.NewUserAsync();
        using var member = await App.NewUserAsync();
        var id = await owner.CreateChannelAsync();
        await member.JoinAsync(id);
        string position;
        await using (var stream = await EventStream.OpenAsync(member, id))
        {
            await owner.SayAsync(id, "seen");
            await stream.WhenAsync("message");
            position = stream.LastEventId;
        }

        (await owner.DeleteAsync($"/api/channels/{id}/members/{member.UserId}")).ShouldHaveStatus(204);

        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/events?channels={id}") { Headers = { { "Last-Event-ID", position } } };
        (await member.SendAsync(request)).ShouldBeRefused(403);
    }

    [Fact]
    public async Task Signing_out_ends_the_streams_of_that_session_and_of_no_other()
    {
        using var desktop = await App.NewUserAsync();
        using var phone = await App.SignInAsync(desktop.Name);
        var id = await desktop.CreateChannelAsync();
        await using var ending = await EventStream.OpenAsync(desktop, id);
        await using var staying = await EventStream.OpenAsync(phone, id);

        (await desktop.DeleteAsync("/api/session")).ShouldHaveStatus(204);

        (await ending.WhenAsync("error")).GetProperty("code").GetString().ShouldBe("TOKEN_REVOKED");
        await Resilience.TestKit.Watchdog.Within(ending.Ended);
        (await phone.SayAsync(id, "still here")).ShouldHaveStatus(201);
        await staying.WhenAsync("message");
    }

    [Fact]
    public async Task At_most_63_channels_are_taken()
    {
        using var user = await App.NewUserAsync();

        (await user.GetAsync($"/api/events?channels={string.Join(',', Enumerable.Range(1_000_000, 64))}")).ShouldNameField("channels", "63");
        (await user.GetAsync($"/api/events?channels={string.Join(',', Enumerable.Range(1_000_000, 63))}")).ShouldBeRefused(404);
    }

    [Fact]
    public async Task A_channel_of_others_refuses_the_whole_stream()
    {
        using var owner = await App.NewUserAsync();
        using var user = await App.NewUserAsync();
        var (foreign, own) = (await owner.CreateChannelAsync(), await user.CreateChannelAsync());

        (await user.GetAsync($"/api/events?channels={own},{foreign}")).ShouldBeRefused(403);
    }

    [Fact]
    public async Task A_user_has_at_most_five_streams_from_one_address()
    {
        using var user = await App.NewUserAsync();
        using var other = await App.NewUserAsync();
        var streams = new List<EventStream>();
        for (var i = 0; i < 5; i++)
        {
            streams.Add(await EventStream.OpenAsync(user, string.Empty));
        }

        var refused = (await user.GetAsync("/api/events")).ShouldHaveStatus(429);
        refused.Headers.RetryAfter.ShouldNotBeNull();
        streams.Add(await EventStream.OpenAsync(other, string.Empty));

        foreach (var stream in streams)
        {
            await stream.DisposeAsync();
        }
    }

    [Fact]
    public async Task Text_that_looks_like_the_wire_format_stays_text()
    {
        using var author = await App.NewUserAsync();
        var id = await author.CreateChannelAsync();
        await using var stream = await EventStream.OpenAsync(author, id);
        const string Text = "a\n\nevent: error\r\ndata: {\"code\":\"TOKEN_REVOKED\"}\r\n\r\nid: x";

        await author.SayAsync(id, Text);

        (await stream.WhenAsync("message")).GetProperty("text").GetString().ShouldBe(Text);
        stream.Of("error").ShouldBeEmpty();
    }
}

public sealed class SqliteEventTests(SqliteMessaging fixture) : EventTests(fixture), IClassFixture<SqliteMessaging>;

public sealed class PostgreSqlEventTests(PostgreSqlMessaging fixture) : EventTests(fixture), IClassFixture<PostgreSqlMessaging>;
