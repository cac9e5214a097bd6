using System.Text.Json;

namespace Messaging.Tests.Behaviour;

public abstract class MessageChangeTests(MessagingFixture fixture) : MessagingTests(fixture)
{
    [Fact]
    public async Task The_author_edits_and_members_see_it()
    {
        using var author = await App.NewUserAsync();
        var (channel, message) = await WriteAsync(author);
        await using var stream = await EventStream.OpenAsync(author, channel);

        var edited = (await author.SendAsync(HttpMethod.Patch, $"/api/messages/{message}", new { text = "better" })).ShouldHaveStatus(200);

        edited["text"].ShouldBe("better");
        edited.Json.GetProperty("editedAt").ValueKind.ShouldBe(JsonValueKind.String);
        (await stream.WhenAsync("message.edited")).GetRawText().ShouldBe(edited.Text);
        (await author.GetAsync($"/api/channels/{channel}/messages")).Items.ShouldHaveSingleItem().GetRawText().ShouldBe(edited.Text);
    }

    [Fact]
    public async Task A_deleted_message_is_left_out_and_its_place_stays_empty()
    {
        using var author = await App.NewUserAsync();
        var (channel, message) = await WriteAsync(author, "c-1");
        await using var stream = await EventStream.OpenAsync(author, channel);

        (await author.DeleteAsync($"/api/messages/{message}")).ShouldHaveStatus(204);
        await author.SayAsync(channel, "next");

        var told = await stream.WhenAsync("message.deleted");
        told.GetProperty("id").GetString().ShouldBe(message);
        told.GetProperty("sequence").GetInt64().ShouldBe(1);
        (await author.GetAsync($"/api/channels/{channel}/messages")).Items.ShouldHaveSingleItem().GetProperty("sequence").GetInt64().ShouldBe(2);
        (await author.DeleteAsync($"/api/messages/{message}")).ShouldBeRefused(404);
        (await author.SendAsync(HttpMethod.Patch, $"/api/messages/{message}", new { text = "again" })).ShouldBeRefused(404);

        // A client that repeats itself does not bring it back.
        (await author.SayAsync(channel, "hello", "c-1")).ShouldHaveStatus(200);
        (await author.GetAsync($"/api/channels/{channel}/messages")).Items.Length.ShouldBe(1);
        (await Stored.TextsAsync(App, $"SELECT text FROM messages WHERE id = {message}")).ShouldBe([string.Empty]);
    }

    [Fact]
    public async Task Others_change_nothing_and_a_moderator_deletes()
    {
        using var owner = await App.NewUserAsync();
        using var author = await App.NewUserAsync();
        using var member = await App.NewUserAsync();
        using var stranger = await App.NewUserAsync();
        using var anonymous = App.NewClient();
        var channel = await owner.CreateChannelAsync();
        await author.JoinAsync(channel);
        await member.JoinAsync(channel);
        var path = $"/api/messages/{(await author.SayAsync(channel, "mine"))["id"]}";

        foreach (var (client, status) in new[] { (member, 403), (stranger, 403), (anonymous, 401) })
        {
            (await client.SendAsync(HttpMethod.Patch, path, new { text = "yours" })).ShouldBeRefused(status);
            (await client.DeleteAsync(path)).ShouldBeRefused(status);
        }

        (await owner.SendAsync(HttpMethod.Patch, path, new { text = "owners edit nothing" })).ShouldBeRefused(403);
        (await owner.PutAsync($"/api/channels/{channel}/roles/{member.UserId}", new { role = "moderator" })).ShouldHaveStatus(204);
        (await member.DeleteAsync(path)).ShouldHaveStatus(204);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("x")]
    [InlineData("999999")]
    public async Task An_unknown_message_is_404(string id)
    {
        using var user = await App.NewUserAsync();

        (await user.SendAsync(HttpMethod.Patch, $"/api/messages/{id}", new { text = "x" })).ShouldBeRefused(404);
        (await user.DeleteAsync($"/api/messages/{id}")).ShouldBeRefused(404);
    }

    [Fact]
    public async Task An_edit_keeps_the_limits_of_a_message()
    {
        using var author = await App.NewUserAsync();
        var (_, message) = await WriteAsync(author);

        (await author.SendAsync(HttpMethod.Patch, $"/api/messages/{message}", new { text = " " })).ShouldNameField("text", "1 to 4,000");
        (await author.SendAsync(HttpMethod.Patch, $"/api/messages/{message}", new { text = new string('x', 4_001) })).ShouldNameField("text", "4,000");
        (await author.SendRawAsync(HttpMethod.Patch, $"/api/messages/{message}", "{")).ShouldNameField("body", "JSON");
    }

    [Fact]
    public async Task An_edit_and_a_removal_at_once_end_in_one_of_the_two_orders()
    {
        using var owner = await App.NewUserAsync();
        for (var round = 0; round < 10; round++)
        {
            using var author = await App.NewUserAsync();
            var channel = await owner.CreateChannelAsync();
            await author.JoinAsync(channel);
            var message = (await author.SayAsync(channel, "before"))["id"];

            var edit = author.SendAsync(HttpMethod.Patch, $"/api/messages/{message}", new { text = "after" });
            var removal = owner.DeleteAsync($"/api/channels/{channel}/members/{author.UserId}");
            (await removal).ShouldHaveStatus(204);
            var edited = await edit;

            // The answer and the row agree: an edit that was refused has changed nothing.
            edited.Status.ShouldBeOneOf(200, 403);
            (await owner.GetAsync($"/api/channels/{channel}/messages")).Items.ShouldHaveSingleItem().GetProperty("text").GetString()
                .ShouldBe(edited.Status == 200 ? "after" : "before");
        }
    }

    private static async Task<(string Channel, string Message)> WriteAsync(TestClient author, string? clientId = null)
    {
        var channel = await author.CreateChannelAsync();
        return (channel, (await author.SayAsync(channel, "hello", clientId)).ShouldHaveStatus(201)["id"]);
    }
}

public sealed class SqliteMessageChangeTests(SqliteMessaging fixture) : MessageChangeTests(fixture), IClassFixture<SqliteMessaging>;

public sealed class PostgreSqlMessageChangeTests(PostgreSqlMessaging fixture) : MessageChangeTests(fixture), IClassFixture<PostgreSqlMessaging>;
