using Resilience.TestKit;

namespace Messaging.Tests.Behaviour;

/// <summary>Client events are off unless the application's own configuration turns them on.</summary>
public abstract class ClientEventTests(string database) : IAsyncLifetime
{
    private AppHome _home = null!;
    private TestApp _app = null!;

    public async ValueTask InitializeAsync()
    {
        _home = await AppHome.CreateAsync(database);
        _app = await _home.StartAsync(["--Apps:default:ClientEvents=true", "--Apps:quiet:ClientEvents=false", "--Apps:odd:ClientEvents=maybe"]);
    }

    public async ValueTask DisposeAsync()
    {
        _app.ShouldHaveLoggedNoProblem();
        await _app.DisposeAsync();
        await _home.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Members_get_the_event_and_nothing_is_stored()
    {
        using var ann = await _app.NewUserAsync();
        using var ben = await _app.NewUserAsync();
        var id = await ann.CreateChannelAsync();
        await ben.JoinAsync(id);
        await using var stream = await EventStream.OpenAsync(ben, id);

        (await ann.PostAsync($"/api/channels/{id}/events", new { type = "typing", data = new { on = true } })).ShouldHaveStatus(204);

        var seen = await stream.WhenAsync("typing");
        seen.GetProperty("channelId").GetString().ShouldBe(id);
        seen.GetProperty("type").GetString().ShouldBe("typing");
        seen.GetProperty("user").GetProperty("id").GetString().ShouldBe(ann.UserId);
        seen.GetProperty("data").GetProperty("on").GetBoolean().ShouldBeTrue();
        (await ann.GetAsync($"/api/channels/{id}/messages")).Items.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("unknown")]
    [InlineData("quiet")]
    [InlineData("odd")]
    [InlineData("default:ClientEvents")]
    [InlineData("..")]
    public async Task What_an_application_does_not_allow_is_refused(string key)
    {
        using var ann = await _app.NewUserAsync();
        var id = await ann.CreateChannelAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/channels/{id}/events")
        {
            Headers = { { "X-App-Key", key } },
            Content = System.Net.Http.Json.JsonContent.Create(new { type = "typing" }),
        };

        (await ann.SendAsync(request)).ShouldBeRefused(403);
    }

    [Fact]
    public async Task Without_configuration_they_are_off_and_the_page_knows()
    {
        await using var home = await AppHome.CreateAsync(database);
        await using var app = await home.StartAsync();
        using var ann = await app.NewUserAsync();
        var id = await ann.CreateChannelAsync();

        (await ann.PostAsync($"/api/channels/{id}/events", new { type = "typing" })).ShouldBeRefused(403);
        (await ann.GetAsync("/api/session")).Json.GetProperty("features").GetArrayLength().ShouldBe(0);
        using var here = await _app.NewUserAsync();
        (await here.GetAsync("/api/session")).Json.GetProperty("features")[0].GetString().ShouldBe("typing");
    }

    [Theory]
    [InlineData("""{"type":"message"}""", "type")]
    [InlineData("""{"type":"error"}""", "type")]
    [InlineData("""{"type":"open"}""", "type")]
    [InlineData("""{"type":"close"}""", "type")]
    [InlineData("""{"type":"presence"}""", "type")]
    [InlineData("""{"type":"membership"}""", "type")]
    [InlineData("""{"type":"sse.gap"}""", "type")]
    [InlineData("""{"type":"sse"}""", "type")]
    [InlineData("""{"type":"channel.read"}""", "type")]
    [InlineData("""{"type":"attachment.added"}""", "type")]
    [InlineData("""{"type":"message.deleted"}""", "type")]
    [InlineData("""{"type":"a\ndata: x"}""", "type")]
    [InlineData("""{"type":""}""", "type")]
    [InlineData("""{}""", "type")]
    [InlineData("""{"type":7}""", "type")]
    public async Task Nobody_speaks_in_the_servers_name(string body, string field)
    {
        using var ann = await _app.NewUserAsync();
        var id = await ann.CreateChannelAsync();

        (await ann.SendRawAsync(HttpMethod.Post, $"/api/channels/{id}/events", body)).ShouldNameField(field, string.Empty);
    }

    [Fact]
    public async Task Its_data_is_small()
    {
        using var ann = await _app.NewUserAsync();
        var id = await ann.CreateChannelAsync();

        (await ann.PostAsync($"/api/channels/{id}/events", new { type = "typing", data = new string('x', 1_100) })).ShouldNameField("data", "1,024");
    }

    [Fact]
    public async Task Only_members_send_them()
    {
        using var ann = await _app.NewUserAsync();
        using var stranger = await _app.NewUserAsync();
        using var anonymous = _app.NewClient();
        var id = await ann.CreateChannelAsync();

        (await stranger.PostAsync($"/api/channels/{id}/events", new { type = "typing" })).ShouldBeRefused(403);
        (await anonymous.PostAsync($"/api/channels/{id}/events", new { type = "typing" })).ShouldBeRefused(401);
        (await ann.PostAsync("/api/channels/999999/events", new { type = "typing" })).ShouldBeRefused(404);
    }

    [Fact]
    public async Task A_flood_is_refused_and_told_when_to_come_back()
    {
        using var ann = await _app.NewUserAsync();
        var id = await ann.CreateChannelAsync();

        // On a slow machine sixty may be no flood yet.
        var replies = new List<Reply>();
        await Watchdog.UntilAsync(async () =>
        {
            replies.AddRange(await Task.WhenAll(Enumerable.Range(0, 60).Select(_ => ann.PostAsync($"/api/channels/{id}/events", new { type = "typing" }))));
            return replies.Exists(static reply => reply.Status == 429);
        });

        var refused = replies.Where(static reply => reply.Status == 429).ToList();
        refused.ShouldNotBeEmpty();
        refused[0].ShouldBeRefused(429).Headers.RetryAfter.ShouldNotBeNull();
        replies.Count(static reply => reply.Status == 204).ShouldBeGreaterThanOrEqualTo(20);
    }
}

public sealed class SqliteClientEventTests() : ClientEventTests(AppHome.Sqlite);

public sealed class PostgreSqlClientEventTests() : ClientEventTests(AppHome.PostgreSql);
