using System.Diagnostics;
using System.Net;
using Messaging.Client.Api;
using Messaging.Client.Resending;
using Resilience.TestKit;

namespace Messaging.Tests.Behaviour;

/// <summary>The console client against the real application.</summary>
public abstract class ConsoleClientTests(MessagingFixture fixture) : MessagingTests(fixture)
{
    [Fact]
    public async Task Two_consoles_talk_to_each_other()
    {
        var channel = Names.Next("console");
        var (ann, ben) = (Names.Next("Ann"), Names.Next("Ben"));
        using var listening = Start(ben, channel);
        await LineAsync(listening.StandardError, "You are in").Within();

        using var speaking = Start(ann, channel);
        await speaking.StandardInput.WriteLineAsync("Hello from the console");
        await LineAsync(listening.StandardOutput, $"{ann}: Hello from the console").Within();
        await speaking.StandardInput.WriteLineAsync("/in soon this is no time");
        await speaking.StandardInput.WriteLineAsync("/in 1s Hello from a second ago");
        await LineAsync(listening.StandardOutput, $"{ann}: Hello from a second ago").Within();
        await LineAsync(speaking.StandardError, "Type /in").Within();
        speaking.StandardInput.Close();
        listening.StandardInput.Close();

        await speaking.WaitForExitAsync().Within();
        await listening.WaitForExitAsync().Within();
        speaking.ExitCode.ShouldBe(0);
        listening.ExitCode.ShouldBe(0);
    }

    [Fact]
    public async Task A_wrong_call_says_what_is_right()
    {
        using var process = Start(arguments: []);

        await LineAsync(process.StandardError, "Usage:").Within();
        await process.WaitForExitAsync().Within();
        process.ExitCode.ShouldBe(2);
    }

    [Theory]
    [InlineData(HttpStatusCode.RequestTimeout, true)]
    [InlineData(HttpStatusCode.TooManyRequests, true)]
    [InlineData(HttpStatusCode.InternalServerError, true)]
    [InlineData(HttpStatusCode.ServiceUnavailable, true)]
    [InlineData(HttpStatusCode.BadRequest, false)]
    [InlineData(HttpStatusCode.Unauthorized, false)]
    [InlineData(HttpStatusCode.Forbidden, false)]
    [InlineData(HttpStatusCode.NotFound, false)]
    [InlineData(HttpStatusCode.Conflict, false)]
    public async Task What_may_work_later_is_told_from_what_never_will(HttpStatusCode status, bool retryable)
    {
        using var http = new HttpClient(new Answering(_ => new HttpResponseMessage(status))) { BaseAddress = App.Url };

        var result = await new MessagingApi(http).SendAsync("1", new OutgoingMessage("1", "x"), CancellationToken.None);

        (result is SendResult.Unavailable).ShouldBe(retryable);
        (result is SendResult.Refused).ShouldBe(!retryable);
    }

    [Fact]
    public async Task A_message_whose_answer_got_lost_is_stored_once()
    {
        using var user = await App.NewUserAsync();
        var id = await user.CreateChannelAsync();
        using var http = new HttpClient(new LosingFirstAnswer()) { BaseAddress = App.Url };
        http.DefaultRequestHeaders.Authorization = user.Http.DefaultRequestHeaders.Authorization;
        var api = new MessagingApi(http);
        var time = new ManualTimeProvider();
        var queue = new ResendQueue((message, token) => api.SendAsync(id, message, token), static _ => { }, time);
        queue.TryAdd(new OutgoingMessage("same", "once"));
        queue.Complete();

        var running = queue.RunAsync(CancellationToken.None);
        await time.WhenTimersAsync().Within();
        time.Advance(TimeSpan.FromSeconds(2));
        await running.Within();

        queue.FailedCount.ShouldBe(0);
        (await user.GetAsync($"/api/channels/{id}/messages")).Items.ShouldHaveSingleItem();
    }

    private Process Start(string name, string channel) => Start(App.Url.ToString(), name, channel);

    private static Process Start(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["MESSAGING_PASSWORD"] = TestClient.Password },
        };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "Messaging.Client.dll"));
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return Process.Start(start)!;
    }

    private static async Task LineAsync(StreamReader reader, string wanted)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            if (line.StartsWith(wanted, StringComparison.Ordinal))
            {
                return;
            }
        }

        throw new InvalidOperationException($"The client ended without writing '{wanted}'.");
    }

    private sealed class Answering(Func<HttpRequestMessage, HttpResponseMessage> answer) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(answer(request));
    }

    private sealed class LosingFirstAnswer() : DelegatingHandler(new SocketsHttpHandler())
    {
        private int _answers;

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var response = await base.SendAsync(request, cancellationToken);
            return Interlocked.Increment(ref _answers) > 1 ? response : throw new HttpRequestException("The connection was cut.");
        }
    }
}

public sealed class SqliteConsoleClientTests(SqliteMessaging fixture) : ConsoleClientTests(fixture), IClassFixture<SqliteMessaging>;

public sealed class PostgreSqlConsoleClientTests(PostgreSqlMessaging fixture) : ConsoleClientTests(fixture), IClassFixture<PostgreSqlMessaging>;
