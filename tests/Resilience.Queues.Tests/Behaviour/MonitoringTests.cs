using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Resilience.Queues.Conformance;
using Resilience.TestKit;

namespace Resilience.Queues.Tests.Behaviour;

public sealed class MonitoringTests : IAsyncDisposable
{
    private readonly ManualTimeProvider _time = new();
    private readonly List<QueueAlert> _alerts = [];
    private readonly FailingStore _store;
    private readonly QueueUnderTest _process;

    public MonitoringTests()
    {
        var options = new DelayedQueueOptions { MaxSize = 10 };
        _store = new FailingStore(new InMemoryQueueStore<string>(new DelayedQueueContext("test", options, _time)));
        _process = new QueueUnderTest(_store, _time, o => (o.MaxSize, o.OnAlert) = (10, _alerts.Add));
    }

    [Fact]
    public async Task The_alert_is_raised_at_80_percent_and_clears_below_70_each_logged_once()
    {
        await StartAsync();
        await AddAsync(7);
        await SampleAsync();
        _alerts.ShouldBeEmpty();

        await AddAsync(1);
        await SampleAsync();
        await SampleAsync();
        _alerts.ShouldHaveSingleItem().ShouldBe(new QueueAlert("test", QueuesTelemetryNames.SizeAlert, true, 8));
        (await HealthAsync()).Status.ShouldBe(HealthStatus.Degraded);
        _process.Metrics.Value("resilience.queues.alert.active", ("alert", "size")).ShouldBe(1);

        await TakeAsync(1);
        await SampleAsync();
        _alerts.Count.ShouldBe(1);
        await TakeAsync(1);
        await SampleAsync();
        _alerts[1].ShouldBe(new QueueAlert("test", QueuesTelemetryNames.SizeAlert, false, 6));
        (await HealthAsync()).Status.ShouldBe(HealthStatus.Healthy);
        (_process.Logs.Of(2000).Count, _process.Logs.Of(2001).Count).ShouldBe((1, 1));
        await _process.StopAsync();
    }

    [Fact]
    public async Task The_first_rejection_raises_an_alert_that_clears_after_a_quiet_minute()
    {
        await StartAsync();
        await AddAsync(12);
        _alerts.Count(static alert => alert.Name == QueuesTelemetryNames.RejectedAlert && alert.Active).ShouldBe(1);
        await TakeAsync(10);
        await SampleAsync();
        _alerts.ShouldNotContain(static alert => alert.Name == QueuesTelemetryNames.RejectedAlert && !alert.Active);
        for (var i = 0; i < 13; i++)
        {
            await SampleAsync();
        }

        _alerts.ShouldContain(static alert => alert.Name == QueuesTelemetryNames.RejectedAlert && !alert.Active);
        await _process.StopAsync();
    }

    [Fact]
    public async Task Size_maximum_average_and_growth_are_reported()
    {
        await StartAsync();
        await AddAsync(6);
        await SampleAsync();
        await TakeAsync(4);
        await SampleAsync();

        _process.Metrics.Value("resilience.queues.size").ShouldBe(2);
        _process.Metrics.Value("resilience.queues.size.maximum").ShouldBe(6);
        _process.Metrics.Value("resilience.queues.size.average").ShouldBeInRange(0.01, 6);
        _process.Metrics.Values("resilience.queues.growth_rate").ShouldContain(static value => value > 0);
        _process.Metrics.Value("resilience.queues.messages", ("state", "ready")).ShouldBe(2);
        var health = await HealthAsync();
        health.Data["test.size"].ShouldBe(2L);
        health.Data["test.size.maximum"].ShouldBe(6L);
        await _process.StopAsync();
    }

    [Fact]
    public async Task A_store_that_fails_is_unhealthy_logged_once_and_tried_again()
    {
        await StartAsync();
        await SampleAsync();
        _store.Fails = true;
        await SampleAsync();
        await SampleAsync();
        (await HealthAsync()).Status.ShouldBe(HealthStatus.Unhealthy);
        _process.Logs.Of(2003).ShouldHaveSingleItem();
        _process.Metrics.Value("resilience.queues.store.errors").ShouldBe(2);

        _store.Fails = false;
        await SampleAsync();
        (await HealthAsync()).Status.ShouldBe(HealthStatus.Healthy);
        await _process.StopAsync();
    }

    [Fact]
    public async Task Cleanup_runs_every_five_minutes_by_itself()
    {
        await StartAsync();
        await AddAsync(3);
        _time.Advance(TimeSpan.FromHours(24));
        await Watchdog.UntilAsync(() => _process.Metrics.Count("resilience.queues.cleanup.runs") > 0);
        await Watchdog.UntilAsync(() =>
        {
            _time.Advance(TimeSpan.FromMinutes(5));
            return _process.Metrics.Values("resilience.queues.cleanup.removed").Sum() == 3;
        });
        await _process.StopAsync();
    }

    public async ValueTask DisposeAsync() => await _process.DisposeAsync();

    /// <summary>Starts the process and waits for its first sample, after which two loops wait: one for the next sample, one for the cleanup.</summary>
    private async Task StartAsync()
    {
        await _process.StartAsync();
        await _time.WhenTimersAsync(2);
    }

    private async Task AddAsync(int count)
    {
        for (var i = 0; i < count; i++)
        {
            await _process.Queue.EnqueueAsync("x");
        }
    }

    private async Task TakeAsync(int count) => await _process.Queue.AcknowledgeAsync(await _process.Queue.ClaimAsync(count, TimeSpan.Zero));

    /// <summary>Lets the sampling loop make one round.</summary>
    private async Task SampleAsync()
    {
        var calls = _store.Samples;
        _time.Advance(TimeSpan.FromSeconds(5));
        await Watchdog.UntilAsync(() => _store.Samples > calls);
        await _time.WhenTimersAsync(2);
    }

    private async Task<HealthReportEntry> HealthAsync() =>
        (await _process.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync()).Entries["queues"];

    private sealed class FailingStore(IDelayedQueueStore<string> inner) : StoreDecorator(inner)
    {
        private int _samples;

        public bool Fails { get; set; }

        public int Samples => Volatile.Read(ref _samples);

        public override ValueTask<QueueStats> GetStatsAsync(CancellationToken cancellationToken = default)
        {
            Interlocked.Increment(ref _samples);
            return Fails ? throw new IOException("gone") : base.GetStatsAsync(cancellationToken);
        }
    }
}
