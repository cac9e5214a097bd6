using Resilience.TestKit;

namespace Messaging.Tests.Behaviour;

/// <summary>The route for a scheduler outside, and who may see the dead letters.</summary>
public abstract class CleanupRouteTests(string database) : IAsyncLifetime
{
    private const string Route = "/ops/cron/cleanup-delayed-messages";

    private AppHome _home = null!;

    public async ValueTask InitializeAsync() => _home = await AppHome.CreateAsync(database);

    public async ValueTask DisposeAsync()
    {
        await _home.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Without_a_secret_in_the_configuration_there_is_no_route()
    {
        await using var app = await _home.StartAsync();
        using var nobody = app.NewClient();
        using var empty = new TestClient(app.Url, " ");
        using var user = await app.NewUserAsync();

        (await nobody.PostAsync(Route)).ShouldBeRefused(404);
        (await empty.PostAsync(Route)).ShouldBeRefused(404);
        (await user.PostAsync(Route)).ShouldBeRefused(404);
        app.ShouldHaveLoggedNoProblem();
    }

    [Theory]
    [InlineData("--Cron:Secret=open sesame")]
    [InlineData("--CRON_SECRET=open sesame")]
    public async Task A_wrong_or_missing_secret_is_refused_and_the_right_one_gets_a_report(string setting)
    {
        await using var app = await _home.StartAsync([setting]);
        using var nobody = app.NewClient();
        using var user = await app.NewUserAsync();
        using var wrong = new TestClient(app.Url, "open sesam");
        using var right = new TestClient(app.Url, "open sesame");

        (await nobody.PostAsync(Route)).ShouldBeRefused(401).Headers.WwwAuthenticate.ShouldHaveSingleItem().Scheme.ShouldBe("Bearer");
        (await nobody.PostAsync(Route + "?secret=open%20sesame")).ShouldBeRefused(401);
        (await user.PostAsync(Route)).ShouldBeRefused(401);
        (await wrong.PostAsync(Route)).ShouldBeRefused(401);
        (await right.GetAsync(Route)).Status.ShouldBe(405);
        var report = (await right.PostAsync(Route)).ShouldHaveStatus(200).Json;
        report.EnumerateObject().Select(static entry => entry.Name).ShouldBe(["removed", "batches", "remaining", "durationMs"]);
        report.GetProperty("removed").GetInt64().ShouldBe(0);
        app.Logs.Records.ShouldAllBe(static record => !record.ToString().Contains("open sesam", StringComparison.Ordinal));
        app.ShouldHaveLoggedNoProblem();
    }

    [Fact]
    public async Task While_secrets_are_rotated_both_are_taken()
    {
        await using var app = await _home.StartAsync(["--Cron:Secret=new", "--Cron:PreviousSecret=old"]);
        using var before = new TestClient(app.Url, "old");
        using var after = new TestClient(app.Url, "new");
        using var other = new TestClient(app.Url, "older");

        (await before.PostAsync(Route)).ShouldHaveStatus(200);
        (await after.PostAsync(Route)).ShouldHaveStatus(200);
        (await other.PostAsync(Route)).ShouldBeRefused(401);
    }

    [Fact]
    public async Task A_run_beside_another_is_refused_as_long_as_that_one_runs()
    {
        await using var redis = await RedisServer.StartNewAsync();
        await using var app = await _home.StartAsync(
            ["--Cron:Secret=s", $"--Redis:Configuration={redis.Configuration},connectTimeout=20000", "--Queue:Redis:OperationTimeout=00:05:00"]);
        using var cron = new TestClient(app.Url, "s");
        (await cron.PostAsync(Route)).ShouldHaveStatus(200);

        // A server that does not answer keeps the first run going.
        redis.Freeze();
        Task<Reply>[] both = [cron.PostAsync(Route), cron.PostAsync(Route)];
        var refused = await Task.WhenAny(both).Within();
        (await refused).ShouldBeRefused(409);
        for (var i = 0; i < 20; i++)
        {
            (await cron.PostAsync(Route)).ShouldBeRefused(409);
        }

        redis.Continue();
        (await both.Single(one => one != refused).Within()).ShouldHaveStatus(200);
        (await cron.PostAsync(Route)).ShouldHaveStatus(200);
    }

    [Fact]
    public async Task Dead_letters_are_for_operators()
    {
        await using var app = await _home.StartAsync(["--Operators=olga"]);
        using var nobody = app.NewClient();
        using var user = await app.NewUserAsync();
        using var olga = await app.NewUserAsync("Olga");

        (await nobody.GetAsync("/ops/dead-letters")).ShouldBeRefused(401);
        (await nobody.PostAsync("/ops/dead-letters/x/redrive")).ShouldBeRefused(401);
        (await user.GetAsync("/ops/dead-letters")).ShouldBeRefused(403);
        (await user.PostAsync("/ops/dead-letters/x/redrive")).ShouldBeRefused(403);
        (await olga.GetAsync("/ops/dead-letters")).ShouldHaveStatus(200).Items.ShouldBeEmpty();
        (await olga.GetAsync("/ops/dead-letters?limit=201")).ShouldNameField("limit", "1 to 200");
        (await olga.GetAsync("/ops/dead-letters?after=-1")).ShouldNameField("after", "next");
        (await olga.PostAsync("/ops/dead-letters/x/redrive")).ShouldBeRefused(404);
        app.ShouldHaveLoggedNoProblem();
    }
}

public sealed class SqliteCleanupRouteTests() : CleanupRouteTests(AppHome.Sqlite);

public sealed class PostgreSqlCleanupRouteTests() : CleanupRouteTests(AppHome.PostgreSql);
