using System.Net;
using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Resilience.Sse.Tests.Support;
using Resilience.TestKit;

namespace Resilience.Sse.Tests.Behaviour;

/// <summary>What handlers can do while and when they decide, meant or not.</summary>
public sealed class DecisionTests
{
    [Fact]
    public async Task A_stream_inside_a_union_of_results_is_the_stream_of_the_slot_that_was_taken()
    {
        var gate = new Gate();
        await using var app = await TestApp.StartAsync(map: a => a.MapSse("/union", async (_, _) =>
        {
            await gate.PassAsync();
            return (Results<SseSubscribeResult, ForbidHttpResult>)SseResults.Subscribe("room", "lobby");
        }));
        var opening = app.OpenAsync("/union");
        await gate.Entered;
        await app.Publisher.PublishAsync("lobby", "meanwhile");
        (await app.Manager.UnsubscribeAsync(SseTarget.All, "room")).ShouldBe(1);
        gate.Open();
        await using var stream = await opening;
        app.Manager.Snapshot().Single().Channels.ShouldBe(["lobby"], "a ban while the handler decided holds");
        (await stream.NextAsync())!.Value.Data.ShouldBe("meanwhile");
        app.Manager.GetStatistics().Rejected["handler"].ShouldBe(0);
    }

    [Fact]
    public async Task A_refusal_inside_a_union_of_results_refuses()
    {
        await using var app = await TestApp.StartAsync(map: static a => a.MapSse("/union", static (_, _) =>
            ValueTask.FromResult<IResult>((Results<SseSubscribeResult, NotFound>)TypedResults.NotFound())));
        using var response = await app.Http.GetAsync("/union");
        response.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        app.Manager.GetStatistics().Rejected["handler"].ShouldBe(1);
    }

    [Fact]
    public async Task A_handler_without_a_result_is_an_error_and_not_an_empty_answer()
    {
        await using var app = await TestApp.StartAsync(map: static a => a.MapSse("/null", static (_, _) => ValueTask.FromResult<IResult>(null!)));
        (await Should.ThrowAsync<InvalidOperationException>(() => app.Http.GetAsync("/null"))).Message.ShouldContain("no result");
        app.Node.Limiter.Count.ShouldBe(0);
        app.Manager.GetStatistics().Errors["handler"].ShouldBe(1);
    }

    [Fact]
    public async Task A_handler_that_has_begun_the_response_itself_leaves_no_slot_behind()
    {
        await using var app = await TestApp.StartAsync(map: static a => a.MapSse("/begun", static async (connect, ct) =>
        {
            await connect.HttpContext.Response.WriteAsync("begun", ct);
            await connect.HttpContext.Response.Body.FlushAsync(ct);
            return SseResults.Subscribe("news");
        }));
        await Should.ThrowAsync<HttpRequestException>(() => app.Http.GetAsync("/begun"));
        await Watchdog.UntilAsync(() => app.Node.Limiter.Count == 0);
        app.Manager.GetStatistics().Opened.ShouldBe(0);
    }

    [Fact]
    public async Task A_callback_on_the_handlers_token_that_throws_harms_nobody_when_the_connection_is_closed()
    {
        var gate = new Gate();
        await using var app = await TestApp.StartAsync(map: a => a.MapSse("/slow", async (_, ct) =>
        {
            await using var registration = ct.Register(static () => throw new InvalidOperationException("callback"));
            await gate.PassAsync();
            return SseResults.Subscribe("news");
        }));
        var opening = app.OpenAsync("/slow");
        await gate.Entered;
        (await app.Manager.CloseAsync(SseTarget.All, "bye")).ShouldBe(1);
        await app.Logs.WhenAsync(1013);
        gate.Open();
        await using var stream = await opening;
        (await stream.ReadToEndAsync()).Single().Data.ShouldBe("""{"reason":"bye"}""");
        app.Manager.GetStatistics().Errors["handler"].ShouldBe(1);
    }

    [Fact]
    public async Task A_callback_on_the_handlers_token_that_throws_harms_nobody_when_the_handlers_time_is_over()
    {
        var gate = new Gate();
        await using var app = await TestApp.StartAsync(static o => o.ConnectTimeout = TimeSpan.FromSeconds(2), map: a => a.MapSse("/slow", async (_, ct) =>
        {
            await using var registration = ct.Register(static () => throw new InvalidOperationException("callback"));
            await gate.PassAsync();
            ct.ThrowIfCancellationRequested();
            return SseResults.Subscribe("news");
        }));
        var opening = app.Http.GetAsync("/slow");
        await gate.Entered;
        app.Turn(3);
        await app.Logs.WhenAsync(1013);
        gate.Open();
        using var response = await opening;
        (await response.Content.ReadAsStringAsync()).ShouldContain("connect_timeout");
    }

    [Theory]
    [InlineData("close", HttpStatusCode.Forbidden, "handler")]
    [InlineData("revoke", HttpStatusCode.Forbidden, "handler")]
    [InlineData("drain", HttpStatusCode.ServiceUnavailable, "draining")]
    public async Task A_client_whose_connection_is_ended_while_an_obedient_handler_decides_is_told_why(string how, HttpStatusCode status, string reason)
    {
        var entered = new TaskCompletionSource();
        await using var app = await TestApp.StartAsync(static o => o.LimitResponse = SseLimitResponse.AcceptAndClose, map: a => a.MapSse("/slow", async (_, ct) =>
        {
            entered.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, ct);
            return SseResults.Subscribe("news");
        }));
        var opening = app.Http.GetAsync("/slow");
        await entered.Task.Within();
        var ending = how switch
        {
            "close" => app.Manager.CloseAsync(SseTarget.All, "bye").AsTask(),
            "revoke" => app.Manager.RevokeAsync(SseTarget.All).AsTask(),
            _ => app.Manager.DrainAsync(),
        };
        using var response = await opening;
        response.StatusCode.ShouldBe(status);
        (await response.Content.ReadAsStringAsync()).ShouldContain($"\"reason\":\"{reason}\"");
        await ending.Within();
        app.Manager.GetStatistics().Rejected.Where(static r => r.Value > 0).ShouldBe([new KeyValuePair<string, long>(reason, 1)]);
    }

    [Fact]
    public async Task An_identity_that_throws_leaves_no_slot_behind()
    {
        await using var app = await TestApp.StartAsync(map: static a => a.Use(static (context, next) =>
        {
            context.User = new ThrowingPrincipal();
            return next(context);
        }));
        await Should.ThrowAsync<NotSupportedException>(() => app.Http.GetAsync("/events"));
        app.Node.Limiter.Count.ShouldBe(0);
        app.Node.Limiter.Keys.ShouldBe(0);
    }

    private sealed class Gate
    {
        private readonly TaskCompletionSource _entered = new();
        private readonly TaskCompletionSource _open = new();

        public Task Entered => _entered.Task.Within();

        public Task PassAsync()
        {
            _entered.SetResult();
            return _open.Task;
        }

        public void Open() => _open.SetResult();
    }

    private sealed class ThrowingPrincipal : ClaimsPrincipal
    {
        public override Claim? FindFirst(string type) => throw new NotSupportedException("The directory does not answer.");
    }
}
