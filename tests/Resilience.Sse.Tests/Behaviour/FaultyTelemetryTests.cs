using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Resilience.Sse.Tests.Support;
using Resilience.TestKit;

namespace Resilience.Sse.Tests.Behaviour;

/// <summary>Telling somebody must not decide what happens: log providers and metric listeners that throw.</summary>
public sealed class FaultyTelemetryTests
{
    [Fact]
    public async Task A_stalled_reader_is_cut_although_a_metric_listener_throws_at_each_of_its_failures()
    {
        var time = new ManualTimeProvider();
        await using var app = await SseApp.StartAsync(
            static o => (o.StaleTimeout, o.MaxLifetime, o.HistoryBytes, o.HistoryAge) = (TimeSpan.FromMinutes(10), TimeSpan.FromDays(7), 16 << 20, TimeSpan.FromHours(24)), time: time);
        using var listener = new ThrowingListener(app.App.Services, "resilience.sse.errors", "resilience.sse.wheel.tick.duration", "resilience.sse.alert.active");
        using var stalled = await (await RawClient.ConnectAsync(app.EndPoint, "/events", receiveBuffer: 4096)).OpenedAsync();
        for (var i = 0; i < 10; i++)
        {
            await app.Publisher.PublishAsync("news", new string('x', 256 * 1024));
        }

        await Watchdog.UntilAsync(() => app.Node.Connections.Single().Bytes > 30_000);
        await Watchdog.UntilAsync(() =>
        {
            for (var second = 0; second < 10; second++)
            {
                time.Advance(TimeSpan.FromSeconds(1));
            }

            return app.Manager.ConnectionCount == 0;
        });
        app.Manager.GetStatistics().Stale.ShouldBe(1, app.Closed);
        listener.Thrown.ShouldBeGreaterThanOrEqualTo(3);
        app.Node.Clock.Now.ShouldBe(app.Node.LastTurn, "the wheel has turned to its end each time");
    }

    [Fact]
    public async Task A_revoked_token_ends_the_stream_although_a_metric_listener_throws_at_its_validation()
    {
        var validator = new Validator(SseTokenStatus.Revoked);
        await using var app = await TestApp.StartAsync(static o => o.TokenValidationTimeout = TimeSpan.FromMinutes(5), s => s.AddSingleton<ISseTokenValidator>(validator));
        using var listener = new ThrowingListener(app.App.Services, "resilience.sse.token.validations");
        await using var stream = await app.OpenAsync();
        await app.TurnBetweenValidationsUntilAsync(() => validator.Calls == 1);
        (await stream.ReadToEndAsync()).Single().Data.ShouldContain("TOKEN_REVOKED");
        listener.Thrown.ShouldBe(1);
    }

    [Fact]
    public async Task A_token_that_cannot_be_verified_ends_the_stream_although_logs_and_listeners_throw()
    {
        var validator = new Validator(SseTokenStatus.Unknown);
        var logs = new ThrowingLogs(1011);
        await using var app = await TestApp.StartAsync(
            static o => o.MaxConsecutiveFailures = 1, s => s.AddSingleton<ISseTokenValidator>(validator).AddSingleton<ILoggerProvider>(logs));
        using var listener = new ThrowingListener(app.App.Services, "resilience.sse.errors");
        await using var stream = await app.OpenAsync();
        await app.TurnBetweenValidationsUntilAsync(() => validator.Calls == 1);
        (await stream.ReadToEndAsync()).Single().Data.ShouldContain("TOKEN_UNVERIFIED");
        (logs.Thrown, listener.Thrown).ShouldBe((1, 1));
    }

    [Fact]
    public async Task A_producer_that_throws_is_started_again_although_logs_and_listeners_throw()
    {
        var starts = 0;
        var logs = new ThrowingLogs(1012);
        await using var app = await TestApp.StartAsync(
            services: s => s.AddSingleton<ILoggerProvider>(logs),
            map: a => a.MapSse("/p", (_, _) => ValueTask.FromResult<IResult>(SseResults.Stream(ct => Produce(++starts, ct)))));
        using var listener = new ThrowingListener(app.App.Services, "resilience.sse.errors", "resilience.sse.producer.restarts");
        await using var stream = await app.OpenAsync("/p");
        (await stream.NextAsync())!.Value.Data.ShouldBe("start 1");
        await app.Time.WhenTimersAsync(2);
        app.Turn(1);
        (await stream.NextAsync())!.Value.Data.ShouldBe("start 2");
        logs.Thrown.ShouldBeGreaterThanOrEqualTo(1);
        listener.Thrown.ShouldBeGreaterThanOrEqualTo(2);

        static async IAsyncEnumerable<string> Produce(int start, [EnumeratorCancellation] CancellationToken ct)
        {
            yield return $"start {start}";
            await Task.Yield();
            throw new InvalidOperationException("broken");
        }
    }

    [Fact]
    public async Task A_stream_opens_and_observers_are_told_of_its_beginning_and_its_end_although_logs_and_listeners_throw()
    {
        var observer = new CountingObserver();
        var logs = new ThrowingLogs(1002);
        await using var app = await TestApp.StartAsync(services: s => s.AddSingleton<ILoggerProvider>(logs).AddSingleton<ISseConnectionObserver>(observer));
        using var listener = new ThrowingListener(app.App.Services, "resilience.sse.connections.active", "resilience.sse.connections.opened", "resilience.sse.connection.duration");
        await (await app.OpenAsync()).DisposeAsync();
        await Watchdog.UntilAsync(() => observer.Closed == 1);
        observer.Opened.ShouldBe(1);
        var statistics = app.Manager.GetStatistics();
        (statistics.Opened, statistics.Closed["client_closed"]).ShouldBe((1, 1));
        (logs.Thrown, listener.Thrown).ShouldBe((1, 4));
    }

    [Fact]
    public async Task All_observers_are_told_although_the_first_throws_and_so_does_the_log_of_it()
    {
        var observer = new CountingObserver();
        var logs = new ThrowingLogs(1014);
        await using var app = await TestApp.StartAsync(services: s =>
            s.AddSingleton<ILoggerProvider>(logs).AddSingleton<ISseConnectionObserver, ThrowingObserver>().AddSingleton<ISseConnectionObserver>(observer));
        await (await app.OpenAsync()).DisposeAsync();
        await Watchdog.UntilAsync(() => observer.Closed == 1);
        (observer.Opened, logs.Thrown).ShouldBe((1, 2));
    }

    [Fact]
    public async Task A_drain_tells_every_client_although_the_log_of_it_throws()
    {
        var logs = new ThrowingLogs(1007);
        await using var app = await TestApp.StartAsync(services: s => s.AddSingleton<ILoggerProvider>(logs));
        await using var stream = await app.OpenAsync();
        var draining = app.Manager.DrainAsync();
        (await stream.ReadToEndAsync()).Single().Data.ShouldBe("""{"reason":"shutdown"}""");
        await draining.Within();
        logs.Thrown.ShouldBe(1);
    }

    private sealed class Validator(SseTokenStatus answer) : ISseTokenValidator
    {
        private int _calls;

        public int Calls => Volatile.Read(ref _calls);

        public ValueTask<SseTokenStatus> ValidateAsync(SseTokenContext context, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _calls);
            return ValueTask.FromResult(answer);
        }
    }

    private sealed class ThrowingObserver : ISseConnectionObserver
    {
        public void Opened(SseConnectionInfo connection) => throw new InvalidOperationException("opened");

        public void Closed(SseConnectionInfo connection) => throw new InvalidOperationException("closed");
    }
}
