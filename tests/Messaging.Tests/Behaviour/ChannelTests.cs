using System.Text.Json;

namespace Messaging.Tests.Behaviour;

public abstract class ChannelTests(MessagingFixture fixture) : MessagingTests(fixture)
{
    [Fact]
    public async Task The_creator_owns_the_channel()
    {
        using var owner = await App.NewUserAsync();

        var channel = (await owner.PostAsync("/api/channels", new { name = "  General  " })).ShouldHaveStatus(201);

        channel["name"].ShouldBe("General");
        channel["role"].ShouldBe("owner");
        channel.Json.GetProperty("private").GetBoolean().ShouldBeFalse();
        channel.Json.GetProperty("joined").GetBoolean().ShouldBeTrue();
        channel.Json.GetProperty("members").GetInt64().ShouldBe(1);
        channel.Json.GetProperty("unread").GetInt64().ShouldBe(0);
        channel.Json.GetProperty("lastMessage").ValueKind.ShouldBe(JsonValueKind.Null);
    }

    [Fact]
    public async Task The_list_holds_public_channels_and_the_callers_private_ones()
    {
        using var owner = await App.NewUserAsync();
        using var other = await App.NewUserAsync();
        var open = await owner.CreateChannelAsync();
        var hidden = await owner.CreateChannelAsync(isPrivate: true);

        (await AllAsync(owner)).Select(Id).ShouldContain(hidden);
        var seen = await AllAsync(other);
        seen.Select(Id).ShouldNotContain(hidden);
        var found = seen.Single(channel => Id(channel) == open);
        found.GetProperty("joined").GetBoolean().ShouldBeFalse();
        found.GetProperty("role").ValueKind.ShouldBe(JsonValueKind.Null);
    }

    [Fact]
    public async Task The_list_counts_what_others_wrote_and_shows_the_last_message_to_members_only()
    {
        using var owner = await App.NewUserAsync();
        using var member = await App.NewUserAsync();
        using var stranger = await App.NewUserAsync();
        var id = await owner.CreateChannelAsync();
        await member.JoinAsync(id);
        await owner.SayAsync(id, "one");
        await owner.SayAsync(id, "two");
        await member.SayAsync(id, "mine");

        var own = await FindAsync(member, id);
        own.GetProperty("members").GetInt64().ShouldBe(2);
        own.GetProperty("unread").GetInt64().ShouldBe(2);
        own.GetProperty("lastMessage").GetProperty("text").GetString().ShouldBe("mine");
        (await FindAsync(owner, id)).GetProperty("unread").GetInt64().ShouldBe(1);

        var outside = await FindAsync(stranger, id);
        outside.GetProperty("unread").GetInt64().ShouldBe(0);
        outside.GetProperty("lastMessage").ValueKind.ShouldBe(JsonValueKind.Null);
    }

    [Fact]
    public async Task The_list_comes_in_pages_that_join_without_a_gap()
    {
        using var owner = await App.NewUserAsync();
        for (var i = 0; i < 5; i++)
        {
            await owner.CreateChannelAsync();
        }

        var paged = new List<string>();
        for (string? after = "0"; after is not null;)
        {
            var page = (await owner.GetAsync($"/api/channels?after={after}&limit=2")).ShouldHaveStatus(200);
            page.Items.Length.ShouldBeInRange(1, 2);
            paged.AddRange(page.Items.Select(Id));
            after = page.Json.GetProperty("next").GetString();
        }

        paged.ShouldBe((await AllAsync(owner)).Select(Id));
    }

    [Theory]
    [InlineData("limit=0", "limit", "1 to 200")]
    [InlineData("limit=201", "limit", "1 to 200")]
    [InlineData("limit=x", "limit", "1 to 200")]
    [InlineData("after=-1", "after", "next")]
    [InlineData("after=x", "after", "next")]
    public async Task A_wrong_page_is_refused(string query, string field, string hint)
    {
        using var user = await App.NewUserAsync();

        (await user.GetAsync($"/api/channels?{query}")).ShouldNameField(field, hint);
    }

    [Theory]
    [InlineData("""{}""", "name", "1 to 100")]
    [InlineData("""{"name":""}""", "name", "1 to 100")]
    [InlineData("""{"name":"x","private":"yes"}""", "private", "wrong type")]
    [InlineData("{", "body", "JSON")]
    public async Task A_wrong_channel_is_refused(string body, string field, string hint)
    {
        using var user = await App.NewUserAsync();

        (await user.SendRawAsync(HttpMethod.Post, "/api/channels", body)).ShouldNameField(field, hint);
        (await user.PostAsync("/api/channels", new { name = new string('x', 101) })).ShouldNameField("name", "100");
    }

    [Fact]
    public async Task A_public_channel_is_joined_once_however_often_one_asks()
    {
        using var owner = await App.NewUserAsync();
        using var member = await App.NewUserAsync();
        var id = await owner.CreateChannelAsync();

        (await member.PostAsync($"/api/channels/{id}/members")).ShouldHaveStatus(204);
        (await member.PostAsync($"/api/channels/{id}/members", new { })).ShouldHaveStatus(204);
        (await member.PostAsync($"/api/channels/{id}/members", new { userId = member.UserId })).ShouldHaveStatus(204);

        (await FindAsync(member, id)).GetProperty("members").GetInt64().ShouldBe(2);
        (await FindAsync(member, id)).GetProperty("role").GetString().ShouldBe("member");
    }

    [Fact]
    public async Task A_private_channel_is_for_those_whom_its_owner_adds()
    {
        using var owner = await App.NewUserAsync();
        using var guest = await App.NewUserAsync();
        using var third = await App.NewUserAsync();
        var id = await owner.CreateChannelAsync(isPrivate: true);

        (await guest.PostAsync($"/api/channels/{id}/members")).ShouldBeRefused(403);
        (await owner.PostAsync($"/api/channels/{id}/members", new { userId = guest.UserId })).ShouldHaveStatus(204);
        (await guest.GetAsync($"/api/channels/{id}/messages")).ShouldHaveStatus(200);
        (await guest.PostAsync($"/api/channels/{id}/members", new { userId = third.UserId })).ShouldBeRefused(403);
    }

    [Fact]
    public async Task Whom_the_owner_adds_must_exist()
    {
        using var owner = await App.NewUserAsync();
        var id = await owner.CreateChannelAsync(isPrivate: true);

        (await owner.PostAsync($"/api/channels/{id}/members", new { userId = "999999999" })).ShouldBeRefused(404);
        (await owner.PostAsync($"/api/channels/{id}/members", new { userId = "no id" })).ShouldBeRefused(404);
        (await owner.SendRawAsync(HttpMethod.Post, $"/api/channels/{id}/members", """{"userId":7}""")).ShouldNameField("userId", "wrong type");
    }

    [Fact]
    public async Task Who_leaves_is_out()
    {
        using var owner = await App.NewUserAsync();
        using var member = await App.NewUserAsync();
        var id = await owner.CreateChannelAsync();
        await member.JoinAsync(id);

        (await member.DeleteAsync($"/api/channels/{id}/members/me")).ShouldHaveStatus(204);

        (await member.GetAsync($"/api/channels/{id}/messages")).ShouldBeRefused(403);
        (await member.DeleteAsync($"/api/channels/{id}/members/me")).ShouldBeRefused(403);
    }

    [Fact]
    public async Task The_owner_removes_others_and_nobody_else_does()
    {
        using var owner = await App.NewUserAsync();
        using var first = await App.NewUserAsync();
        using var second = await App.NewUserAsync();
        var id = await owner.CreateChannelAsync();
        await first.JoinAsync(id);
        await second.JoinAsync(id);

        (await first.DeleteAsync($"/api/channels/{id}/members/{second.UserId}")).ShouldBeRefused(403);
        (await owner.DeleteAsync($"/api/channels/{id}/members/{second.UserId}")).ShouldHaveStatus(204);
        (await owner.DeleteAsync($"/api/channels/{id}/members/{second.UserId}")).ShouldBeRefused(404);
        (await owner.DeleteAsync($"/api/channels/{id}/members/no-id")).ShouldBeRefused(404);
        (await second.GetAsync($"/api/channels/{id}/messages")).ShouldBeRefused(403);
    }

    [Fact]
    public async Task The_last_owner_cannot_leave()
    {
        using var owner = await App.NewUserAsync();
        var id = await owner.CreateChannelAsync();

        (await owner.DeleteAsync($"/api/channels/{id}/members/me")).ShouldBeRefused(409);
        (await owner.DeleteAsync($"/api/channels/{id}/members/{owner.UserId}")).ShouldBeRefused(409);
        (await FindAsync(owner, id)).GetProperty("role").GetString().ShouldBe("owner");
    }

    [Fact]
    public async Task Members_see_who_is_in_the_channel()
    {
        using var owner = await App.NewUserAsync();
        using var stranger = await App.NewUserAsync();
        var id = await owner.CreateChannelAsync();

        var member = (await owner.GetAsync($"/api/channels/{id}/members")).Items.ShouldHaveSingleItem();
        member.GetProperty("user").GetProperty("name").GetString().ShouldBe(owner.Name);
        member.GetProperty("role").GetString().ShouldBe("owner");
        (await stranger.GetAsync($"/api/channels/{id}/members")).ShouldBeRefused(403);
        (await owner.GetAsync($"/api/channels/{id}/members?limit=0")).ShouldNameField("limit", "200");
    }

    [Fact]
    public async Task The_read_position_moves_forward_only()
    {
        using var owner = await App.NewUserAsync();
        using var reader = await App.NewUserAsync();
        var id = await owner.CreateChannelAsync();
        await reader.JoinAsync(id);
        await owner.SayAsync(id, "one");
        await owner.SayAsync(id, "two");
        await owner.SayAsync(id, "three");

        (await reader.PutAsync($"/api/channels/{id}/read", new { sequence = 2 })).ShouldHaveStatus(204);
        (await FindAsync(reader, id)).GetProperty("unread").GetInt64().ShouldBe(1);
        (await reader.PutAsync($"/api/channels/{id}/read", new { sequence = 1 })).ShouldHaveStatus(204);
        (await FindAsync(reader, id)).GetProperty("unread").GetInt64().ShouldBe(1);
        (await reader.PutAsync($"/api/channels/{id}/read", new { sequence = 1_000 })).ShouldHaveStatus(204);
        (await FindAsync(reader, id)).GetProperty("unread").GetInt64().ShouldBe(0);

        // Beyond the end means the end: what comes later is unread.
        await owner.SayAsync(id, "four");
        (await FindAsync(reader, id)).GetProperty("unread").GetInt64().ShouldBe(1);
    }

    [Fact]
    public async Task A_wrong_read_position_is_refused()
    {
        using var owner = await App.NewUserAsync();
        using var stranger = await App.NewUserAsync();
        var id = await owner.CreateChannelAsync();

        (await owner.PutAsync($"/api/channels/{id}/read", new { })).ShouldNameField("sequence", "required");
        (await owner.PutAsync($"/api/channels/{id}/read", new { sequence = -1 })).ShouldNameField("sequence", "required");
        (await stranger.PutAsync($"/api/channels/{id}/read", new { sequence = 0 })).ShouldBeRefused(403);
    }

    private static string Id(JsonElement channel) => channel.GetProperty("id").GetString()!;

    private static async Task<JsonElement> FindAsync(TestClient client, string id) => (await AllAsync(client)).Single(channel => Id(channel) == id);

    private static async Task<JsonElement[]> AllAsync(TestClient client) => (await client.GetAsync("/api/channels?limit=200")).ShouldHaveStatus(200).Items;
}

public sealed class SqliteChannelTests(SqliteMessaging fixture) : ChannelTests(fixture), IClassFixture<SqliteMessaging>;

public sealed class PostgreSqlChannelTests(PostgreSqlMessaging fixture) : ChannelTests(fixture), IClassFixture<PostgreSqlMessaging>;
