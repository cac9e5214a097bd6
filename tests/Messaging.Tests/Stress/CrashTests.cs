using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Resilience.TestKit;

namespace Messaging.Tests.Stress;

/// <summary>The application in a process of its own, killed in the middle of its work.</summary>
public sealed class CrashTests
{
    private const int Rounds = 3;
    private const int Writers = 4;

    [Theory]
    [InlineData(AppHome.Sqlite)]
    [InlineData(AppHome.PostgreSql)]
    public async Task Kill_9_loses_nothing_that_was_accepted_and_repeats_nothing_that_is_sent_again(string database)
    {
        await using var home = await AppHome.CreateAsync(database);
        var token = string.Empty;
        var accepted = new HashSet<string>();
        var sent = 0;
        for (var round = 0; round < Rounds; round++)
        {
            await using var server = await ChildProcess.StartAsync<Server>([home.Folder, .. home.Settings]);
            var url = new Uri(await server.ReceiveAsync(TimeSpan.FromSeconds(10)));
            token = token.Length > 0 ? token : await PrepareAsync(url);
            using var client = new TestClient(url, token);
            var enough = new TaskCompletionSource();
            var writers = Enumerable.Range(0, Writers).Select(_ => WriteAsync(client)).ToArray();
            await enough.Task.Within();
            await server.KillAsync();
            await Task.WhenAll(writers).Within();

            async Task WriteAsync(TestClient writer)
            {
                while (true)
                {
                    var clientId = Interlocked.Increment(ref sent).ToString(CultureInfo.InvariantCulture);
                    try
                    {
                        (await writer.SayAsync("1", "text " + clientId, clientId)).ShouldHaveStatus(201);
                    }
                    catch (HttpRequestException)
                    {
                        return;
                    }

                    lock (accepted)
                    {
                        accepted.Add(clientId);
                        if (accepted.Count >= (round + 1) * 40)
                        {
                            enough.TrySetResult();
                        }
                    }
                }
            }
        }

        await using var app = await home.StartAsync();
        using var user = new TestClient(app.Url, token);
        foreach (var clientId in Enumerable.Range(1, sent).Select(static i => i.ToString(CultureInfo.InvariantCulture)))
        {
            // What was never answered is sent again, as a client does; what was accepted is known already.
            (await user.SayAsync("1", "text " + clientId, clientId)).Status.ShouldBeOneOf(accepted.Contains(clientId) ? [200] : [200, 201]);
        }

        var stored = new List<(string ClientId, long Sequence)>();
        for (string? after = "0"; after is not null;)
        {
            var page = (await user.GetAsync($"/api/channels/1/messages?limit=200&after={after}")).ShouldHaveStatus(200);
            stored.AddRange(page.Items.Select(static item => (item.GetProperty("clientId").GetString()!, item.GetProperty("sequence").GetInt64())));
            after = page.Json.GetProperty("next").GetString();
        }

        stored.Select(static entry => entry.ClientId).ShouldBeUnique();
        stored.Count.ShouldBe(sent);
        stored.Select(static entry => entry.Sequence).ShouldBe(Enumerable.Range(1, sent).Select(static i => (long)i));
        await OutboxEmptyAsync(app).Within();
    }

    private static async Task<string> PrepareAsync(Uri url)
    {
        using var client = new TestClient(url, null);
        (await client.PostAsync("/api/users", new { name = "Ann", password = TestClient.Password })).ShouldHaveStatus(201);
        var token = (await client.PostAsync("/api/session", new { name = "Ann", password = TestClient.Password })).ShouldHaveStatus(200)["token"];
        using var user = new TestClient(url, token);
        (await user.PostAsync("/api/channels", new { name = "crash" })).ShouldHaveStatus(201)["id"].ShouldBe("1");
        return token;
    }

    /// <summary>Every committed event leaves the outbox; the relay is awake, as messages were just sent.</summary>
    private static async Task OutboxEmptyAsync(TestApp app)
    {
        var time = app.Services.GetRequiredService<TimeProvider>();
        while ((await Stored.TextsAsync(app, "SELECT COUNT(*) FROM outbox")).Single() != "0")
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), time);
        }
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
