namespace Messaging.Tests.Behaviour;

/// <summary>What holds for every route alike.</summary>
public abstract class RefusalTests(MessagingFixture fixture) : MessagingTests(fixture)
{
    /// <summary>Every route that needs a session, with a place for the channel's id.</summary>
    public static TheoryData<string, string> Routes => new()
    {
        { "GET", "/api/users?name=x" },
        { "DELETE", "/api/session" },
        { "GET", "/api/channels" },
        { "POST", "/api/channels" },
        { "GET", "/api/channels/{0}/members" },
        { "POST", "/api/channels/{0}/members" },
        { "DELETE", "/api/channels/{0}/members/me" },
        { "PUT", "/api/channels/{0}/read" },
        { "GET", "/api/channels/{0}/messages" },
        { "POST", "/api/channels/{0}/messages" },
        { "PUT", "/api/channels/{0}/roles/1" },
        { "PUT", "/api/channels/{0}/bans/1" },
        { "GET", "/api/channels/{0}/bans" },
        { "DELETE", "/api/channels/{0}/bans/1" },
        { "PATCH", "/api/messages/{0}" },
        { "DELETE", "/api/messages/{0}" },
        { "POST", "/api/channels/{0}/events" },
        { "GET", "/api/events?channels={0}" },
    };

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task Without_a_session_the_answer_is_401(string method, string path)
    {
        using var client = App.NewClient();

        (await SendAsync(client, method, path, "1")).ShouldBeRefused(401);
    }

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task With_a_made_up_token_the_answer_is_401(string method, string path)
    {
        using var client = new TestClient(App.Url, "made-up");

        (await SendAsync(client, method, path, "1")).ShouldBeRefused(401);
    }

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task An_unknown_or_malformed_id_is_404(string method, string path)
    {
        using var user = await App.NewUserAsync();
        foreach (var id in path.Contains("{0}", StringComparison.Ordinal) ? ["999999", "0", "-1", "01", "x", "1.0", "99999999999999999999", "%20"] : Array.Empty<string>())
        {
            (await SendAsync(user, method, path, id)).Status.ShouldBe(404, $"{method} {path} with {id}");
        }
    }

    [Fact]
    public async Task An_unknown_route_is_404_and_a_wrong_method_405()
    {
        using var client = App.NewClient();

        (await client.GetAsync("/api/nothing")).ShouldBeRefused(404);
        (await client.DeleteAsync("/api/users")).ShouldBeRefused(405);
    }

    private static Task<Reply> SendAsync(TestClient client, string method, string path, string id)
    {
        object? body = method is "GET" or "DELETE" ? null : path.EndsWith("/read", StringComparison.Ordinal) ? new { sequence = 1 } : new { text = "x", name = "x", role = "member", type = "typing" };
        return client.SendAsync(new HttpMethod(method), string.Format(null, path, id), body);
    }
}

public sealed class SqliteRefusalTests(SqliteMessaging fixture) : RefusalTests(fixture), IClassFixture<SqliteMessaging>;

public sealed class PostgreSqlRefusalTests(PostgreSqlMessaging fixture) : RefusalTests(fixture), IClassFixture<PostgreSqlMessaging>;
