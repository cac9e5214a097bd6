using System.Globalization;
using System.Text.Json;

namespace Messaging.Tests.Behaviour;

public abstract class MessageTests(MessagingFixture fixture) : MessagingTests(fixture)
{
    [Fact]
    public async Task A_message_is_stored_and_read_in_the_same_shape()
    {
        using var author = await App.NewUserAsync();
        var id = await author.CreateChannelAsync();

        var sent = (await author.SayAsync(id, "Hello, <b>world</b> \u2603 \U0001F600\nsecond line", "c-1")).ShouldHaveStatus(201);

        sent["channelId"].ShouldBe(id);
        sent["clientId"].ShouldBe("c-1");
        sent.Json.GetProperty("sequence").GetInt64().ShouldBe(1);
        sent.Json.GetProperty("author").GetProperty("name").GetString().ShouldBe(author.Name);
        sent.Json.GetProperty("sentAt").GetDateTimeOffset().Offset.ShouldBe(TimeSpan.Zero);
        sent.Json.GetProperty("editedAt").ValueKind.ShouldBe(JsonValueKind.Null);
        var read = (await author.GetAsync($"/api/channels/{id}/messages")).Items.ShouldHaveSingleItem();
        read.GetRawText().ShouldBe(sent.Text);
    }

    [Fact]
    public async Task The_same_client_id_twice_is_one_message()
    {
        using var author = await App.NewUserAsync();
        var id = await author.CreateChannelAsync();
        var first = (await author.SayAsync(id, "once", "same")).ShouldHaveStatus(201);

        var again = (await author.SayAsync(id, "once", "same")).ShouldHaveStatus(200);

        again.Text.ShouldBe(first.Text);
        (await author.GetAsync($"/api/channels/{id}/messages")).Items.Length.ShouldBe(1);
    }

    [Fact]
    public async Task The_same_client_id_many_times_at_once_is_one_message()
    {
        using var author = await App.NewUserAsync();
        var id = await author.CreateChannelAsync();

        var replies = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => author.SayAsync(id, "once", "same")));

        replies.Count(static reply => reply.Status == 201).ShouldBe(1);
        replies.Count(static reply => reply.Status == 200).ShouldBe(9);
        replies.Select(static reply => reply["id"]).Distinct().ShouldHaveSingleItem();
    }

    [Fact]
    public async Task A_client_id_belongs_to_its_author_and_channel()
    {
        using var first = await App.NewUserAsync();
        using var second = await App.NewUserAsync();
        var id = await first.CreateChannelAsync();
        var other = await first.CreateChannelAsync();
        await second.JoinAsync(id);

        (await first.SayAsync(id, "a", "same")).ShouldHaveStatus(201);
        (await second.SayAsync(id, "b", "same")).ShouldHaveStatus(201);
        (await first.SayAsync(other, "c", "same")).ShouldHaveStatus(201);
    }

    [Fact]
    public async Task Concurrent_messages_get_one_sequence_without_holes()
    {
        using var author = await App.NewUserAsync();
        using var member = await App.NewUserAsync();
        var id = await author.CreateChannelAsync();
        await member.JoinAsync(id);

        await Task.WhenAll(Enumerable.Range(0, 40).Select(i => (i % 2 == 0 ? author : member).SayAsync(id, $"m{i}")));

        var read = (await author.GetAsync($"/api/channels/{id}/messages?limit=200")).Items;
        read.Select(static message => message.GetProperty("sequence").GetInt64()).ShouldBe(Enumerable.Range(1, 40).Select(static i => (long)i));
    }

    [Fact]
    public async Task Messages_are_read_after_a_sequence_in_pages()
    {
        using var author = await App.NewUserAsync();
        var id = await author.CreateChannelAsync();
        for (var i = 1; i <= 5; i++)
        {
            await author.SayAsync(id, i.ToString(CultureInfo.InvariantCulture));
        }

        var page = (await author.GetAsync($"/api/channels/{id}/messages?after=1&limit=2")).ShouldHaveStatus(200);
        page.Items.Select(static message => message.GetProperty("text").GetString()).ShouldBe(["2", "3"]);
        var next = (await author.GetAsync($"/api/channels/{id}/messages?after={page["next"]}&limit=2")).ShouldHaveStatus(200);
        next.Items.Select(static message => message.GetProperty("text").GetString()).ShouldBe(["4", "5"]);
        next.Json.GetProperty("next").ValueKind.ShouldBe(JsonValueKind.Null);
        (await author.GetAsync($"/api/channels/{id}/messages?after=x")).ShouldNameField("after", "next");
        (await author.GetAsync($"/api/channels/{id}/messages?limit=201")).ShouldNameField("limit", "200");
    }

    [Fact]
    public async Task A_text_has_1_to_4000_characters()
    {
        using var author = await App.NewUserAsync();
        var id = await author.CreateChannelAsync();

        (await author.SayAsync(id, new string('x', 4_000))).ShouldHaveStatus(201);
        (await author.SayAsync(id, new string('x', 4_001))).ShouldNameField("text", "4,000");
        (await author.SayAsync(id, string.Empty)).ShouldNameField("text", "1 to 4,000");
        (await author.SayAsync(id, " \n ")).ShouldNameField("text", "1 to 4,000");
    }

    [Theory]
    [InlineData("""{}""", "text", "required")]
    [InlineData("""{"text":null}""", "text", "required")]
    [InlineData("""{"text":["a"]}""", "text", "wrong type")]
    [InlineData("""{"text":"a\u0000b"}""", "text", "NUL")]
    [InlineData("""{"text":"\ud800"}""", "text", "valid JSON")]
    [InlineData("""{"text":"a","clientId":""}""", "clientId", "1 to 100")]
    [InlineData("""{"text":"a","clientId":5}""", "clientId", "wrong type")]
    [InlineData("""{"text":"a","delaySeconds":0}""", "delaySeconds", "1 to 2,592,000")]
    [InlineData("""{"text":"a","delaySeconds":2592001}""", "delaySeconds", "1 to 2,592,000")]
    [InlineData("""{"text":"a","delaySeconds":"soon"}""", "delaySeconds", "wrong type")]
    [InlineData("""{"text":"a" """, "body", "JSON")]
    [InlineData("", "body", "JSON")]
    public async Task A_wrong_message_is_refused_with_the_field_named(string body, string field, string hint)
    {
        using var author = await App.NewUserAsync();
        var id = await author.CreateChannelAsync();

        (await author.SendRawAsync(HttpMethod.Post, $"/api/channels/{id}/messages", body)).ShouldNameField(field, hint);
        (await author.GetAsync($"/api/channels/{id}/messages")).Items.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_body_beyond_the_limit_is_refused_unread()
    {
        using var author = await App.NewUserAsync();
        var id = await author.CreateChannelAsync();

        (await author.SayAsync(id, new string('x', 70_000))).ShouldBeRefused(413);
    }

    [Fact]
    public async Task A_body_that_is_not_json_is_refused()
    {
        using var author = await App.NewUserAsync();
        var id = await author.CreateChannelAsync();

        (await author.SendRawAsync(HttpMethod.Post, $"/api/channels/{id}/messages", "text=hi", "application/x-www-form-urlencoded")).ShouldBeRefused(415);
    }

    [Fact]
    public async Task Text_is_data_and_never_sql()
    {
        using var author = await App.NewUserAsync();
        var id = await author.CreateChannelAsync();
        const string Text = "'); DROP TABLE messages; -- \" @text {0} %s";

        (await author.SayAsync(id, Text, "' OR 1=1 --")).ShouldHaveStatus(201);

        (await author.GetAsync($"/api/channels/{id}/messages")).Items.ShouldHaveSingleItem().GetProperty("text").GetString().ShouldBe(Text);
    }

    [Fact]
    public async Task Who_is_not_a_member_neither_reads_nor_writes()
    {
        using var author = await App.NewUserAsync();
        using var stranger = await App.NewUserAsync();
        var id = await author.CreateChannelAsync();

        (await stranger.GetAsync($"/api/channels/{id}/messages")).ShouldBeRefused(403);
        (await stranger.SayAsync(id, "hello")).ShouldBeRefused(403);
    }
}

public sealed class SqliteMessageTests(SqliteMessaging fixture) : MessageTests(fixture), IClassFixture<SqliteMessaging>;

public sealed class PostgreSqlMessageTests(PostgreSqlMessaging fixture) : MessageTests(fixture), IClassFixture<PostgreSqlMessaging>;
