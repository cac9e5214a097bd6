using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Resilience.Sse.Tests.Support;
using Resilience.TestKit;

namespace Resilience.Sse.Tests.Behaviour;

public sealed class TelemetryTests
{
    [Fact]
    public async Task One_line_is_written_at_the_end_of_a_stream_with_all_its_figures()
    {
        await using var app = await TestApp.StartAsync();
        Guid id;
        await using (var stream = await app.OpenAsync())
        {
            id = app.Manager.Snapshot().Single().Id;
            await app.Publisher.PublishAsync("news", "x");
            await stream.NextAsync();
            app.Turn(2);
        }

        var record = await app.Logs.WhenAsync(1000);
        record["ConnectionId"].ShouldBe(id);
        record["Endpoint"].ShouldBe("/events");
        record["DurationMs"].ShouldBe(2000d);
        record["Messages"].ShouldBe(1L);
        record["Errors"].ShouldBe(0L);
        record["Reason"].ShouldBe("client_closed");
    }

    [Fact]
    public async Task More_than_a_hundred_endings_in_a_second_are_summed_up()
    {
        await using var app = await TestApp.StartAsync();
        var streams = await Task.WhenAll(Enumerable.Range(0, 130).Select(_ => app.OpenAsync()));
        await app.Manager.CloseAsync(SseTarget.All, "bye");
        foreach (var stream in streams)
        {
            await stream.ReadToEndAsync();
            await stream.DisposeAsync();
        }

        await Watchdog.UntilAsync(() => app.Manager.GetStatistics().Closed["requested"] == 130);
        app.Turn(1);
        app.Logs.Of(1000).Count.ShouldBe(100);
        app.Logs.Of(1001).Single().Message.ShouldBe("30 more streams ended within a second: requested 30.");
    }

    [Fact]
    public async Task The_metrics_follow_a_stream_from_its_beginning_to_its_end()
    {
        await using var app = await TestApp.StartAsync();
        using var metrics = new MetricCollector(app.App.Services.GetRequiredService<IMeterFactory>(), "Resilience.Sse");
        await using (var stream = await app.OpenAsync())
        {
            metrics.Value("resilience.sse.connections.active", ("endpoint", "/events")).ShouldBe(1);
            await app.Publisher.PublishAsync("news", "x");
            await stream.NextAsync();
            await app.TurnUntilAsync(() => metrics.Value("resilience.sse.heartbeats") > 0);
        }

        await metrics.WhenAsync(static m => m.Count("resilience.sse.connection.messages") == 1);
        metrics.Value("resilience.sse.connections.active", ("endpoint", "/events")).ShouldBe(0);
        metrics.Value("resilience.sse.connections.opened").ShouldBe(1);
        metrics.Value("resilience.sse.connections.closed", ("reason", "client_closed")).ShouldBe(1);
        metrics.Values("resilience.sse.connection.duration").Single().ShouldBe(app.Time.Elapsed.TotalSeconds);
        metrics.Values("resilience.sse.connection.messages").Single().ShouldBe(1);
        metrics.Value("resilience.sse.events.published").ShouldBe(1);
        metrics.Value("resilience.sse.events.sent").ShouldBe(1);
        metrics.Value("resilience.sse.bytes.sent").ShouldBeGreaterThan(20);
    }

    [Fact]
    public async Task A_listener_that_starts_in_the_middle_does_not_see_an_end_without_a_beginning()
    {
        await using var app = await TestApp.StartAsync();
        var stream = await app.OpenAsync();
        using var metrics = new MetricCollector(app.App.Services.GetRequiredService<IMeterFactory>(), "Resilience.Sse");
        await stream.DisposeAsync();
        await metrics.WhenAsync(static m => m.Value("resilience.sse.connections.closed") == 1);
        metrics.Value("resilience.sse.connections.active").ShouldBe(0);
    }

    [Fact]
    public async Task The_alert_on_the_ratio_of_errors_rises_above_five_percent_and_clears_below_two()
    {
        var alerts = new List<SseAlert>();
        await using var app = await TestApp.StartAsync(o => o.OnAlert = alerts.Add);
        End(app, 18, false);
        End(app, 1, true);
        app.Turn(1);
        alerts.ShouldBeEmpty("19 streams are too few");
        End(app, 1, false);
        app.Turn(1);
        alerts.ShouldBeEmpty("one of 20 is five percent and not above");
        End(app, 1, true);
        app.Turn(1);
        alerts.Single().ShouldBe(new SseAlert("error_ratio", true, 2 / 21d));
        app.Manager.GetStatistics().ErrorRatioAlert.ShouldBeTrue();
        (await HealthAsync(app)).Status.ShouldBe(HealthStatus.Degraded);
        End(app, 78, false);
        app.Turn(1);
        alerts.Count.ShouldBe(1, "two of 99 is still above two percent");
        End(app, 20, false);
        app.Turn(1);
        alerts[^1].Active.ShouldBeFalse();
        app.Logs.Of(1004).Count.ShouldBe(1);
        app.Logs.Of(1005).Count.ShouldBe(1);
        app.Turn(320);
        app.Manager.GetStatistics().ErrorRatio.ShouldBe(0, "five minutes later the window is empty");

        static void End(TestApp app, int count, bool error)
        {
            for (var i = 0; i < count; i++)
            {
                app.Node.Alerts.CountEnded(error);
            }
        }
    }

    [Fact]
    public async Task The_health_check_says_what_is_wrong_and_gives_every_figure()
    {
        await using var app = await TestApp.StartAsync(static o => o.MaxConnections = 1);
        var healthy = await HealthAsync(app);
        healthy.Status.ShouldBe(HealthStatus.Healthy);
        foreach (var figure in (string[])["active", "opened", "openedPerSecond", "stale", "closed.client_closed", "rejected.rate", "errors.send", "errorRatio"])
        {
            healthy.Entries["sse"].Data.ContainsKey(figure).ShouldBeTrue(figure);
        }

        await using (await app.OpenAsync())
        {
            (await HealthAsync(app)).Entries["sse"].Description.ShouldBe("1 of 1 connections");
        }

        await Watchdog.UntilAsync(() => app.Node.Limiter.Count == 0);
        await app.Manager.DrainAsync();
        (await HealthAsync(app)).Entries["sse"].Description.ShouldBe("draining");
    }

    [Fact]
    public async Task A_wheel_that_is_late_because_the_machine_was_paused_is_healthy_when_it_turns()
    {
        await using var app = await TestApp.StartAsync();
        app.Node.LastTurn = app.Node.Clock.Now - 5000;
        var armings = app.Time.Armings;
        Task<HealthReport>[] probes = [HealthAsync(app), HealthAsync(app)];
        await app.Time.WhenArmedAsync(armings + probes.Length);
        app.Turn(1);
        (await Task.WhenAll(probes).Within()).ShouldAllBe(static report => report.Status == HealthStatus.Healthy);
        (await HealthAsync(app).Within()).Status.ShouldBe(HealthStatus.Healthy);
    }

    [Fact]
    public async Task A_wheel_that_stands_still_is_unhealthy_after_the_time_of_one_turn_more()
    {
        await using var app = await TestApp.StartAsync();
        app.App.Services.GetServices<IHostedService>().OfType<SseHostedService>().Single().Dispose();
        app.Time.Advance(TimeSpan.FromMilliseconds(3001));
        var armings = app.Time.Armings;
        var probe = HealthAsync(app);
        await app.Time.WhenArmedAsync(armings + 1);
        app.Time.Advance(TimeSpan.FromSeconds(1));
        var report = await probe.Within();
        report.Status.ShouldBe(HealthStatus.Unhealthy);
        report.Entries["sse"].Description.ShouldBe("The wheel stands still: no heartbeats, no limits of time.");
    }

    [Fact]
    public async Task A_probe_that_waits_for_the_wheel_ends_when_it_is_cancelled()
    {
        await using var app = await TestApp.StartAsync();
        app.Node.LastTurn = app.Node.Clock.Now - 3001;
        using var cancel = new CancellationTokenSource();
        var armings = app.Time.Armings;
        var probe = HealthAsync(app, cancel.Token);
        await app.Time.WhenArmedAsync(armings + 1);
        probe.IsCompleted.ShouldBeFalse();
        await cancel.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(probe).Within();
    }

    [Theory]
    [InlineData("HeartbeatInterval is 00:00:30 and StaleTimeout is 00:00:30")]
    [InlineData("MaxConnections is 0; set it between 1 and 1000000.")]
    [InlineData("KeySelector is 7; set it to one of")]
    [InlineData("ErrorEventName is 'a")]
    public async Task Wrong_options_stop_the_host_at_its_start(string message)
    {
        var error = await Should.ThrowAsync<OptionsValidationException>(() => TestApp.StartAsync(o =>
        {
            o.HeartbeatInterval = TimeSpan.FromSeconds(30);
            o.MaxConnections = 0;
            o.KeySelector = (SseKeyKind)7;
            o.ErrorEventName = "a\nb";
        }));
        error.Message.ShouldContain(message);
    }

    [Fact]
    public async Task Wrong_options_of_an_endpoint_are_refused_when_it_is_mapped() =>
        (await Should.ThrowAsync<OptionsValidationException>(() => TestApp.StartAsync(map: static a =>
            a.MapGet("/x", static () => SseResults.Subscribe("a")).WithSse(static o => o.MaxLifetime = TimeSpan.Zero)))).Message.ShouldContain("MaxLifetime is 00:00:00");

    [Fact]
    public void Mapping_without_the_manager_says_what_to_call()
    {
        var app = WebApplication.CreateSlimBuilder().Build();
        Should.Throw<InvalidOperationException>(() => app.MapSse("/x", static (_, _) => throw new InvalidOperationException("not reached"))).Message.ShouldContain("AddSseManager");
    }

    [Fact]
    public void Adding_the_manager_twice_adds_it_once_and_its_options_add_up()
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSseManager(static o => o.MaxConnections = 7);
        var count = services.Count(static s => s.ServiceType == typeof(IHostedService));
        services.AddSseManager(static o => o.MaxConnectionsPerKey = 3);
        services.Count(static s => s.ServiceType == typeof(IHostedService)).ShouldBe(count);
        using var provider = services.BuildServiceProvider();
        var options = provider.GetRequiredService<IOptions<SseManagerOptions>>().Value;
        (options.MaxConnections, options.MaxConnectionsPerKey).ShouldBe((7, 3));
    }

    [Fact]
    public async Task A_log_provider_or_a_listener_that_throws_at_the_end_of_a_stream_keeps_no_slot()
    {
        await using var app = await TestApp.StartAsync(services: static s => s.AddSingleton<ILoggerProvider>(new ThrowingLogs(1000)));
        using var listener = new ThrowingListener(app.App.Services, "resilience.sse.connections.closed");
        await (await app.OpenAsync()).DisposeAsync();
        await Watchdog.UntilAsync(() => app.Manager.ConnectionCount == 0 && app.Node.Limiter.Count == 0);
        app.Manager.GetStatistics().Closed["client_closed"].ShouldBe(1);
        listener.Thrown.ShouldBe(1);
    }

    private static async Task<HealthReport> HealthAsync(TestApp app, CancellationToken cancellationToken = default)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton(app.Node);
        services.AddSingleton(app.App.Services.GetRequiredService<SseDrain>());
        services.AddHealthChecks().AddSseManager();
        await using var provider = services.BuildServiceProvider();
        return await provider.GetRequiredService<HealthCheckService>().CheckHealthAsync(cancellationToken);
    }
}
