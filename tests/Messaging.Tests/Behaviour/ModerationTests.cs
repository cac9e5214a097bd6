namespace Messaging.Tests.Behaviour;

public abstract class ModerationTests(MessagingFixture fixture) : MessagingTests(fixture)
{
    [Fact]
    public async Task An_owner_hands_the_channel_over_and_leaves()
    {
        using var owner = await App.NewUserAsync();
        using var heir = await App.NewUserAsync();
        var id = await ChannelAsync(owner, heir);
        await using var stream = await EventStream.OpenAsync(heir, string.Empty);

        (await owner.PutAsync($"/api/channels/{id}/roles/{owner.UserId}", new { role = "member" })).ShouldBeRefused(409);
        (await owner.PutAsync($"/api/channels/{id}/roles/{heir.UserId}", new { role = "owner" })).ShouldHaveStatus(204);
        (await owner.DeleteAsync($"/api/channels/{id}/members/me")).ShouldHaveStatus(204);

        await stream.WhenAsync("membership", static change => change.GetProperty("role").GetString() == "owner");
        (await heir.DeleteAsync($"/api/channels/{id}/members/me")).ShouldBeRefused(409);
    }

    [Fact]
    public async Task Of_two_owners_who_leave_at_once_one_stays()
    {
        using var first = await App.NewUserAsync();
        using var second = await App.NewUserAsync();
        for (var round = 0; round < 10; round++)
        {
            var id = await ChannelAsync(first, second);
            (await first.PutAsync($"/api/channels/{id}/roles/{second.UserId}", new { role = "owner" })).ShouldHaveStatus(204);

            var replies = await Task.WhenAll(
                first.DeleteAsync($"/api/channels/{id}/members/me"), second.PutAsync($"/api/channels/{id}/roles/{second.UserId}", new { role = "member" }));

            replies.Select(static reply => reply.Status).Order().ShouldBe([204, 409]);
        }
    }

    [Fact]
    public async Task Roles_are_given_by_owners_to_members()
    {
        using var owner = await App.NewUserAsync();
        using var member = await App.NewUserAsync();
        using var stranger = await App.NewUserAsync();
        using var anonymous = App.NewClient();
        var id = await ChannelAsync(owner, member);

        (await member.PutAsync($"/api/channels/{id}/roles/{member.UserId}", new { role = "owner" })).ShouldBeRefused(403);
        (await stranger.PutAsync($"/api/channels/{id}/roles/{stranger.UserId}", new { role = "owner" })).ShouldBeRefused(403);
        (await anonymous.PutAsync($"/api/channels/{id}/roles/{member.UserId}", new { role = "owner" })).ShouldBeRefused(401);
        (await owner.PutAsync($"/api/channels/{id}/roles/{stranger.UserId}", new { role = "owner" })).ShouldBeRefused(404);
        (await owner.PutAsync($"/api/channels/{id}/roles/x", new { role = "owner" })).ShouldBeRefused(404);
        (await owner.PutAsync($"/api/channels/999999/roles/{member.UserId}", new { role = "owner" })).ShouldBeRefused(404);
        (await owner.PutAsync($"/api/channels/{id}/roles/{member.UserId}", new { role = "king" })).ShouldNameField("role", "owner, moderator or member");
        (await owner.PutAsync($"/api/channels/{id}/roles/{member.UserId}", new { })).ShouldNameField("role", "owner, moderator or member");
    }

    [Fact]
    public async Task Who_is_banned_is_out_at_once_and_stays_out_until_the_ban_is_lifted()
    {
        using var owner = await App.NewUserAsync();
        using var member = await App.NewUserAsync();
        var id = await ChannelAsync(owner, member);
        await using var stream = await EventStream.OpenAsync(member, id);

        (await owner.PutAsync($"/api/channels/{id}/bans/{member.UserId}")).ShouldHaveStatus(204);
        (await owner.SayAsync(id, "without you")).ShouldHaveStatus(201);

        await stream.WhenAsync("membership", static change => !change.GetProperty("joined").GetBoolean());
        (await member.SayAsync(id, "hello?")).ShouldBeRefused(403);
        (await member.PostAsync($"/api/channels/{id}/members")).ShouldBeRefused(403);
        (await owner.PostAsync($"/api/channels/{id}/members", new { userId = member.UserId })).ShouldBeRefused(409);
        (await owner.PutAsync($"/api/channels/{id}/bans/{member.UserId}")).ShouldHaveStatus(204);

        (await owner.DeleteAsync($"/api/channels/{id}/bans/{member.UserId}")).ShouldHaveStatus(204);
        (await owner.DeleteAsync($"/api/channels/{id}/bans/{member.UserId}")).ShouldBeRefused(404);
        (await member.PostAsync($"/api/channels/{id}/members")).ShouldHaveStatus(204);
        stream.Of("message").ShouldBeEmpty();
    }

    [Fact]
    public async Task Moderators_ban_members_and_owners_ban_everyone_but_the_last_of_them()
    {
        using var owner = await App.NewUserAsync();
        using var moderator = await App.NewUserAsync();
        using var member = await App.NewUserAsync();
        var id = await ChannelAsync(owner, moderator, member);
        (await owner.PutAsync($"/api/channels/{id}/roles/{moderator.UserId}", new { role = "moderator" })).ShouldHaveStatus(204);

        (await member.PutAsync($"/api/channels/{id}/bans/{moderator.UserId}")).ShouldBeRefused(403);
        (await moderator.PutAsync($"/api/channels/{id}/bans/{owner.UserId}")).ShouldBeRefused(409);
        (await moderator.PutAsync($"/api/channels/{id}/bans/{moderator.UserId}")).ShouldBeRefused(403);
        (await moderator.PutAsync($"/api/channels/{id}/bans/{member.UserId}")).ShouldHaveStatus(204);
        (await owner.PutAsync($"/api/channels/{id}/bans/{owner.UserId}")).ShouldBeRefused(409);
        (await owner.PutAsync($"/api/channels/{id}/bans/{moderator.UserId}")).ShouldHaveStatus(204);
        (await owner.PutAsync($"/api/channels/{id}/bans/999999")).ShouldBeRefused(404);
        (await owner.PutAsync($"/api/channels/{id}/bans/x")).ShouldBeRefused(404);
        (await member.DeleteAsync($"/api/channels/{id}/bans/{member.UserId}")).ShouldBeRefused(403);
    }

    [Fact]
    public async Task Owners_and_moderators_see_who_is_banned()
    {
        using var owner = await App.NewUserAsync();
        using var moderator = await App.NewUserAsync();
        using var member = await App.NewUserAsync();
        using var gone = await App.NewUserAsync();
        var id = await ChannelAsync(owner, moderator, member, gone);
        (await owner.PutAsync($"/api/channels/{id}/roles/{moderator.UserId}", new { role = "moderator" })).ShouldHaveStatus(204);
        (await owner.GetAsync($"/api/channels/{id}/bans")).Items.ShouldBeEmpty();

        (await moderator.PutAsync($"/api/channels/{id}/bans/{gone.UserId}")).ShouldHaveStatus(204);

        (await moderator.GetAsync($"/api/channels/{id}/bans")).Items.ShouldHaveSingleItem().GetProperty("user").GetProperty("name").GetString().ShouldBe(gone.Name);
        (await member.GetAsync($"/api/channels/{id}/bans")).ShouldBeRefused(403);
        (await gone.GetAsync($"/api/channels/{id}/bans")).ShouldBeRefused(403);
        (await owner.GetAsync("/api/channels/x/bans")).ShouldBeRefused(404);
        (await owner.GetAsync($"/api/channels/{id}/bans?limit=0")).ShouldNameField("limit", "200");
    }

    private static async Task<string> ChannelAsync(TestClient owner, params TestClient[] members)
    {
        var id = await owner.CreateChannelAsync();
        foreach (var member in members)
        {
            await member.JoinAsync(id);
        }

        return id;
    }
}

public sealed class SqliteModerationTests(SqliteMessaging fixture) : ModerationTests(fixture), IClassFixture<SqliteMessaging>;

public sealed class PostgreSqlModerationTests(PostgreSqlMessaging fixture) : ModerationTests(fixture), IClassFixture<PostgreSqlMessaging>;
