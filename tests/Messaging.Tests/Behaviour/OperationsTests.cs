namespace Messaging.Tests.Behaviour;

public abstract class OperationsTests(MessagingFixture fixture) : MessagingTests(fixture)
{
    [Theory]
    [InlineData("/health/live")]
    [InlineData("/health/ready")]
    [InlineData("/health")]
    public async Task Probes_answer_everybody_with_the_state_alone(string path)
    {
        using var client = App.NewClient();

        var reply = (await client.GetAsync(path)).ShouldHaveStatus(200);

        reply["status"].ShouldBe("Healthy");
        reply.Json.TryGetProperty("checks", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task Operators_see_every_figure()
    {
        await using var home = await NewHomeAsync();
        await using var app = await home.StartAsync(["--Operators=Olga,Otto"]);
        using var first = await app.NewUserAsync("Anna");
        using var named = await app.NewUserAsync("otto");

        (await first.GetAsync("/health")).Json.TryGetProperty("checks", out _).ShouldBeFalse();

        // The figures are of the most frequent statements, and what runs in the background grows in number with the time that passes.
        for (var i = 0; i < 30; i++)
        {
            (await first.GetAsync("/api/session")).ShouldHaveStatus(200);
        }

        var seen = (await named.GetAsync("/health")).ShouldHaveStatus(200).Json;
        seen.GetProperty("process").GetProperty("workingSetBytes").GetInt64().ShouldBePositive();
        var queries = seen.GetProperty("checks").GetProperty("queries").GetProperty("data");
        queries.GetProperty("sources").GetInt64().ShouldBe(1);
        queries.GetProperty("commands").GetInt64().ShouldBePositive();
        queries.GetProperty("findings").GetInt64().ShouldBe(0);
        var statement = seen.GetProperty("statements").EnumerateArray().First(static entry => entry.GetProperty("statement").GetString()!.Contains("from sessions", StringComparison.Ordinal));
        statement.GetProperty("count").GetInt64().ShouldBePositive();
        statement.GetProperty("p95Ms").GetDouble().ShouldBeGreaterThanOrEqualTo(statement.GetProperty("p50Ms").GetDouble());
        seen.GetProperty("checks").GetProperty("outbox").GetProperty("data").GetProperty("pending").GetInt64().ShouldBe(0);
        (await named.GetAsync("/api/session")).Json.GetProperty("operator").GetBoolean().ShouldBeTrue();
    }

    [Fact]
    public async Task Where_no_operator_is_named_the_first_user_is_one()
    {
        await using var home = await NewHomeAsync();
        await using var app = await home.StartAsync();
        using var first = await app.NewUserAsync();
        using var second = await app.NewUserAsync();

        (await first.GetAsync("/health")).Json.TryGetProperty("checks", out _).ShouldBeTrue();
        (await second.GetAsync("/health")).Json.TryGetProperty("checks", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task Details_are_for_everyone_where_the_setting_says_so()
    {
        await using var home = await NewHomeAsync();
        await using var app = await home.StartAsync(["--Health:Details=Everyone"]);
        using var client = app.NewClient();

        (await client.GetAsync("/health")).Json.GetProperty("checks").TryGetProperty("database", out _).ShouldBeTrue();
    }

    [Fact]
    public async Task The_api_describes_itself()
    {
        using var client = App.NewClient();

        var paths = (await client.GetAsync("/openapi/v1.json")).ShouldHaveStatus(200).Json.GetProperty("paths");

        foreach (var path in new[] { "/api/users", "/api/session", "/api/channels", "/api/channels/{id}/messages", "/api/channels/{id}/members/{userId}", "/api/events" })
        {
            paths.EnumerateObject().Select(static entry => entry.Name.TrimEnd('/')).ShouldContain(path);
        }
    }
}

public sealed class SqliteOperationsTests(SqliteMessaging fixture) : OperationsTests(fixture), IClassFixture<SqliteMessaging>;

public sealed class PostgreSqlOperationsTests(PostgreSqlMessaging fixture) : OperationsTests(fixture), IClassFixture<PostgreSqlMessaging>;
