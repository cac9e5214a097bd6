using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Resilience.Sse.Tests.Support;
using Resilience.TestKit;

namespace Resilience.Sse.Tests.Behaviour;

/// <summary>How streams end, and what ends with them.</summary>
public sealed class LifeTests
{
    [Fact]
    public async Task I10_At_the_end_of_its_lifetime_a_stream_ends_with_TIMEOUT_as_its_last_event()
    {
        await using var app = await TestApp.StartAsync(map: static a => a.MapSse("/short", static (_, _) =>
            ValueTask.FromResult<IResult>(SseResults.Subscribe("news"))).WithSse(static o => o.MaxLifetime = TimeSpan.FromMinutes(30)));
        await using var stream = await app.OpenAsync("/short");
        var position = stream.Parser.LastEventId;
        app.Turn(1795);
        app.Manager.Snapshot().Single().State.ShouldBe(SseConnectionState.Open);
        app.Turn(6);
        var events = await stream.ReadToEndAsync();
        events.ShouldBe([new ParsedEvent("error", """{"error":"Connection timeout","code":"TIMEOUT"}""", position)]);
        stream.Parser.Retry!.Value.ShouldBeInRange(3000, 8000);
        (await app.Logs.WhenAsync(1000)).Message.ShouldContain("reason timeout");
        app.Manager.ConnectionCount.ShouldBe(0);
    }

    [Fact]
    public async Task Jitter_takes_off_a_lifetime_at_most_its_part_and_never_adds_to_it()
    {
        await using var app = await TestApp.StartAsync(static o =>
        {
            o.MaxLifetime = TimeSpan.FromSeconds(100);
            o.LifetimeJitter = 0.5;
        });
        var streams = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => app.OpenAsync()));
        app.Turn(49);
        app.Manager.Snapshot().Count(static c => c.State == SseConnectionState.Open).ShouldBe(40, "nobody loses more than half");
        app.Turn(26);
        await Watchdog.UntilAsync(() => app.Manager.ConnectionCount < 40, detail: () => "after three quarters some have ended");
        app.Manager.ConnectionCount.ShouldBeGreaterThan(0, "and some have not");
        app.Turn(26);
        await Watchdog.UntilAsync(() => app.Manager.ConnectionCount == 0);
        app.Manager.GetStatistics().Closed["timeout"].ShouldBe(40);
        foreach (var stream in streams)
        {
            await stream.DisposeAsync();
        }
    }

    [Fact]
    public async Task The_application_closes_streams_by_a_filter_and_gives_the_reason()
    {
        await using var app = await TestApp.StartAsync();
        await using var one = await app.OpenAsync("/events?channels=a");
        await using var two = await app.OpenAsync("/events?channels=b");
        (await app.Manager.CloseAsync(SseTarget.Channel("a"), "moved \"away\"")).ShouldBe(1);
        (await app.Manager.CloseAsync(SseTarget.Channel("a"), "again")).ShouldBe(0);
        (await one.ReadToEndAsync()).Single().ShouldBe(new ParsedEvent("close", "{\"reason\":\"moved \\u0022away\\u0022\"}", one.Parser.LastEventId));
        await app.Publisher.PublishAsync("b", "still here");
        (await two.NextAsync())!.Value.Data.ShouldBe("still here");
        var id = app.Manager.Snapshot().Single().Id;
        app.Manager.Find(id).ShouldNotBeNull();
        (await app.Manager.CloseAsync(SseTarget.Connection(id), "bye")).ShouldBe(1);
        await two.ReadToEndAsync();
    }

    [Fact]
    public async Task What_is_published_after_an_unsubscribe_has_returned_does_not_reach_the_client()
    {
        await using var app = await TestApp.StartAsync();
        await using var stream = await app.OpenAsync("/events?channels=a,b");
        await app.Publisher.PublishAsync("a", "before");
        (await app.Manager.UnsubscribeAsync(SseTarget.Channel("a"), "a")).ShouldBe(1);
        await app.Publisher.PublishAsync("a", "secret");
        (await app.Manager.SubscribeAsync(SseTarget.All, "c")).ShouldBe(1);
        await app.Publisher.PublishAsync("c", "joined");
        (await stream.NextAsync())!.Value.Data.ShouldBeOneOf("before", "joined");
        await app.Publisher.PublishAsync("b", "end");
        var data = new List<string>();
        while (!data.Contains("end"))
        {
            data.Add((await stream.NextAsync())!.Value.Data);
        }

        stream.Parser.Events.ShouldNotContain(static e => e.Data == "secret");
    }

    [Fact]
    public async Task A_ban_while_the_handler_decides_takes_the_channel_away()
    {
        var entered = new TaskCompletionSource();
        var leave = new TaskCompletionSource();
        await using var app = await TestApp.StartAsync(map: a => a.MapSse("/slow", async (_, _) =>
        {
            entered.SetResult();
            await leave.Task;
            return SseResults.Subscribe("room", "lobby");
        }));
        var opening = app.OpenAsync("/slow");
        await entered.Task;
        (await app.Manager.UnsubscribeAsync(SseTarget.All, "room")).ShouldBe(1);
        leave.SetResult();
        await using var stream = await opening;
        app.Manager.Snapshot().Single().Channels.ShouldBe(["lobby"]);
    }

    [Fact]
    public async Task A_tag_that_is_revoked_while_the_handler_decides_ends_the_stream_with_TOKEN_REVOKED()
    {
        var entered = new TaskCompletionSource();
        var leave = new TaskCompletionSource();
        await using var app = await TestApp.StartAsync(map: a => a.MapSse("/slow", async (connect, _) =>
        {
            connect.Tag("session:1");
            entered.SetResult();
            await leave.Task;
            return SseResults.Subscribe("room");
        }));
        var opening = app.OpenAsync("/slow");
        await entered.Task;
        (await app.Manager.RevokeAsync(SseTarget.Tag("session:1"))).ShouldBe(1);
        leave.SetResult();
        await using var stream = await opening;
        (await stream.ReadToEndAsync()).Single().Data.ShouldBe("""{"error":"Token revoked","code":"TOKEN_REVOKED"}""");
    }

    [Fact]
    public async Task I2_However_many_ask_at_once_a_connection_ends_once_with_one_reason()
    {
        var observer = new CountingObserver();
        await using var app = await TestApp.StartAsync(services: s => s.AddSingleton<ISseConnectionObserver>(observer));
        using var metrics = new MetricCollector(app.App.Services.GetRequiredService<System.Diagnostics.Metrics.IMeterFactory>());
        for (var round = 0; round < 50; round++)
        {
            var stream = await app.OpenAsync();
            var connection = app.Node.Connections.Single();
            var winners = 0;
            await Task.WhenAll(Enumerable.Range(0, 32).Select(i => Task.Run(() =>
            {
                var reason = (i % 4) switch { 0 => SseCloseReason.Requested, 1 => SseCloseReason.Timeout, 2 => SseCloseReason.Shutdown, _ => SseCloseReason.TokenExpired };
                if (connection.TryClose(reason))
                {
                    Interlocked.Increment(ref winners);
                }

                if (i % 8 == 0)
                {
                    connection.Cut();
                }
            })));
            winners.ShouldBe(1);
            await stream.DisposeAsync();
            await Watchdog.UntilAsync(() => app.Manager.ConnectionCount == 0);
        }

        await Watchdog.UntilAsync(() => observer.Closed == 50);
        observer.Opened.ShouldBe(50);
        metrics.Values("resilience.sse.connections.closed").Sum().ShouldBe(50);
        metrics.Value("resilience.sse.connections.active").ShouldBe(0);
    }

    [Fact]
    public async Task No_scoped_service_of_the_handler_is_alive_while_the_stream_runs()
    {
        var alive = new Alive();
        await using var app = await TestApp.StartAsync(
            services: s => s.AddSingleton(alive).AddScoped<Scoped>(),
            map: static a => a.MapSse<Scoped>("/scoped", static (connect, service, _) =>
            {
                connect.HttpContext.RequestServices.GetRequiredService<Scoped>().ShouldBeSameAs(service);
                return ValueTask.FromResult<IResult>(SseResults.Subscribe("news"));
            }));
        await using var stream = await app.OpenAsync("/scoped");
        alive.Made.ShouldBe(1);
        alive.Now.ShouldBe(0);
        app.Manager.ConnectionCount.ShouldBe(1);
    }

    [Fact]
    public async Task Any_other_result_refuses_and_frees_the_slot_before_it_is_executed()
    {
        var during = -1;
        SseManagerHolder holder = new();
        await using var app = await TestApp.StartAsync(map: a => a.MapSse("/no", (_, _) => ValueTask.FromResult<IResult>(new Probe(() => during = holder.Manager!.ConnectionCount))));
        holder.Manager = app.Manager;
        using var response = await app.Http.GetAsync("/no");
        ((int)response.StatusCode).ShouldBe(403);
        during.ShouldBe(0);
        app.Manager.GetStatistics().Rejected["handler"].ShouldBe(1);
        app.Manager.GetStatistics().Opened.ShouldBe(0);
    }

    [Fact]
    public async Task A_handler_that_throws_or_hangs_leaves_no_slot_behind()
    {
        // Once the handler runs, so does the clock of its time.
        var hangs = new TaskCompletionSource();
        await using var app = await TestApp.StartAsync(o => o.ConnectTimeout = TimeSpan.FromSeconds(2), map: a =>
        {
            a.MapSse("/throws", static (_, _) => throw new InvalidOperationException("no"));
            a.MapSse("/hangs", async (_, ct) =>
            {
                hangs.TrySetResult();
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, ct);
                return SseResults.Subscribe("news");
            });
        });
        await Should.ThrowAsync<InvalidOperationException>(() => app.Http.GetAsync("/throws"));
        app.Manager.ConnectionCount.ShouldBe(0);
        var hanging = app.Http.GetAsync("/hangs");
        await hangs.Task.Within();
        app.Manager.ConnectionCount.ShouldBe(1);
        app.Turn(3);
        using var response = await hanging;
        ((int)response.StatusCode).ShouldBe(503);
        response.Headers.RetryAfter.ShouldNotBeNull();
        app.Manager.ConnectionCount.ShouldBe(0);
    }

    [Fact]
    public async Task A_connect_timeout_is_counted_as_such_and_not_as_a_refusal_by_the_handler_as_well()
    {
        var hangs = new TaskCompletionSource();
        await using var app = await TestApp.StartAsync(o => o.ConnectTimeout = TimeSpan.FromSeconds(2), map: a => a.MapSse("/hangs", async (_, ct) =>
        {
            hangs.TrySetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, ct);
            return SseResults.Subscribe("news");
        }));
        var hanging = app.Http.GetAsync("/hangs");
        await hangs.Task.Within();
        app.Turn(3);
        using var response = await hanging;
        (await response.Content.ReadAsStringAsync()).ShouldContain("connect_timeout");
        var rejected = app.Manager.GetStatistics().Rejected;
        (rejected["connect_timeout"], rejected["handler"]).ShouldBe((1, 0));
    }

    [Fact]
    public async Task An_observer_that_throws_harms_nobody()
    {
        await using var app = await TestApp.StartAsync(services: static s => s.AddSingleton<ISseConnectionObserver, ThrowingObserver>());
        await using (var stream = await app.OpenAsync())
        {
            await app.Publisher.PublishAsync("news", "x");
            (await stream.NextAsync())!.Value.Data.ShouldBe("x");
        }

        // It is told of the end after the slot is free.
        await Watchdog.UntilAsync(() => app.Manager.ConnectionCount == 0 && app.Manager.GetStatistics().Errors["observer"] == 2);
    }

    [Fact]
    public async Task Draining_tells_every_client_refuses_new_ones_and_cuts_who_does_not_go()
    {
        await using var app = await TestApp.StartAsync();
        await using var stream = await app.OpenAsync();
        var draining = app.Manager.DrainAsync();
        (await stream.ReadToEndAsync()).Single().ShouldBe(new ParsedEvent("close", """{"reason":"shutdown"}""", stream.Parser.LastEventId));
        await draining;
        app.Manager.IsDraining.ShouldBeTrue();
        using var refused = await app.Http.GetAsync("/events");
        ((int)refused.StatusCode).ShouldBe(503);
        refused.Headers.RetryAfter.ShouldNotBeNull();
        app.Manager.GetStatistics().Rejected["draining"].ShouldBe(1);
    }

    [Fact]
    public async Task The_tables_of_the_manager_show_every_figure_of_a_connection()
    {
        await using var app = await TestApp.StartAsync(map: static a =>
        {
            a.MapSse("/who", static (connect, _) =>
            {
                connect.Tag("session:9");
                return ValueTask.FromResult<IResult>(SseResults.Subscribe("a", "b"));
            });
        });
        await using var stream = await app.OpenAsync("/who");
        await app.Publisher.PublishAsync("a", "1");
        await stream.NextAsync();
        var info = app.Manager.Snapshot().Single();
        info.Channels.ShouldBe(["a", "b"]);
        info.Tags.ShouldBe(["session:9"]);
        info.State.ShouldBe(SseConnectionState.Open);
        info.EventsSent.ShouldBe(1);
        info.MessagesReceived.ShouldBe(1);
        info.BytesSent.ShouldBeGreaterThan(10);
        info.Position!.Value.Sequence.ShouldBe(1);
        info.ConnectedAt.ShouldBe(app.Time.GetUtcNow());
        app.Manager.Snapshot(SseTarget.User("nobody")).ShouldBeEmpty();
        app.Manager.Snapshot(default(SseTarget)).ShouldBeEmpty();
    }

    private sealed class SseManagerHolder
    {
        public ISseManager? Manager { get; set; }
    }

    private sealed class Probe(Action look) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            look();
            httpContext.Response.StatusCode = 403;
            return Task.CompletedTask;
        }
    }

    private sealed class Alive
    {
        public int Made;
        public int Now;
    }

    private sealed class Scoped : IDisposable
    {
        private readonly Alive _alive;

        public Scoped(Alive alive)
        {
            _alive = alive;
            alive.Made++;
            alive.Now++;
        }

        public void Dispose() => _alive.Now--;
    }

    private sealed class ThrowingObserver : ISseConnectionObserver
    {
        public void Opened(SseConnectionInfo connection) => throw new InvalidOperationException("opened");

        public void Closed(SseConnectionInfo connection) => throw new InvalidOperationException("closed");
    }
}
