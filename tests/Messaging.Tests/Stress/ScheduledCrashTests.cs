using Resilience.TestKit;

namespace Messaging.Tests.Stress;

/// <summary>The application in a process of its own, killed between the 202 and the due time, and while it delivers.</summary>
public sealed class ScheduledCrashTests
{
    private const int Rounds = 4;
    private const int PerRound = 8;

    [Theory]
    [InlineData(AppHome.Sqlite, false)]
    [InlineData(AppHome.PostgreSql, false)]
    [InlineData(AppHome.PostgreSql, true)]
    public async Task What_was_accepted_before_kill_9_is_sent_once_when_it_is_due(string database, bool onRedis)
    {
        await using var home = await AppHome.CreateAsync(database);
        string[] settings = onRedis
            ?
            [
                .. home.Settings, $"--Redis:Configuration={(await RedisServer.SharedAsync()).Configuration},connectTimeout=20000",
                $"--Redis:KeyPrefix={RedisServer.NewPrefix()}", "--Queue:VisibilityTimeout=00:00:02", "--Queue:Redis:OperationTimeout=00:01:00",
            ]
            : [.. home.Settings];
        var (token, channel) = (string.Empty, string.Empty);
        for (var round = 0; round < Rounds; round++)
        {
            await using var server = await ChildProcess.StartAsync<Server>([home.Folder, .. settings]);
            var url = new Uri(await server.ReceiveAsync(TimeSpan.FromSeconds(10)));
            (token, channel) = token.Length > 0 ? (token, channel) : await PrepareAsync(url);
            using var author = new TestClient(url, token);
            for (var i = 0; i < PerRound; i++)
            {
                (await author.ScheduleAsync(channel, $"m{round}.{i}", 1 + (i % 3))).ShouldHaveStatus(202);
            }

            if (round % 2 == 1)
            {
                // In every other round it dies while it delivers.
                await Watchdog.UntilAsync(async () => (await author.TextsAsync(channel)).Any(text => text.StartsWith($"m{round}.", StringComparison.Ordinal)));
            }

            await server.KillAsync();
        }

        await using var app = await TestApp.StartAsync(home.Folder, settings);
        using var reader = new TestClient(app.Url, token);
        await app.NothingPendingAsync();

        (await reader.TextsAsync(channel)).Order(StringComparer.Ordinal).ShouldBe(
            Enumerable.Range(0, Rounds).SelectMany(static round => Enumerable.Range(0, PerRound).Select(i => $"m{round}.{i}")).Order(StringComparer.Ordinal));
        (await reader.ScheduledAsync()).ShouldBeEmpty();
    }

    private static async Task<(string Token, string Channel)> PrepareAsync(Uri url)
    {
        using var client = new TestClient(url, null);
        (await client.PostAsync("/api/users", new { name = "Ann", password = TestClient.Password })).ShouldHaveStatus(201);
        var token = (await client.PostAsync("/api/session", new { name = "Ann", password = TestClient.Password })).ShouldHaveStatus(200)["token"];
        using var user = new TestClient(url, token);
        return (token, await user.CreateChannelAsync());
    }

    /// <summary>What the child process runs.</summary>
    public sealed class Server : IChildScenario
    {
        public async Task RunAsync(ChildContext context)
        {
            await using var app = await TestApp.StartAsync(context.Arguments[0], context.Arguments.Skip(1));
            context.Send(app.Url.ToString());
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.Stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
