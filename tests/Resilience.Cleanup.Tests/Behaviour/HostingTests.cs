using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Resilience.TestKit;

namespace Resilience.Cleanup.Tests.Behaviour;

public sealed class HostingTests
{
    [Fact]
    public async Task The_host_drains_the_dispatcher_after_its_services_and_then_the_lanes()
    {
        using var host = Build();
        await host.StartAsync();
        var dispatcher = host.Services.GetRequiredService<CleanupDispatcher>();
        var lane = host.Services.GetRequiredService<CoalescingLane<string, int>>();
        var scope = PatientScopes.Create();
        scope.Defer(lane, static async (l, _) =>
        {
            await Task.Yield();
            l.Post("left", 1);
        });

        dispatcher.Post(scope);
        await host.StopAsync().Within();

        host.Services.GetRequiredService<Seen>().Keys.ShouldBe(["left"]);
        dispatcher.Snapshot().Pending.ShouldBe(0);
        dispatcher.Post(new CleanupScope()).ShouldBe(CleanupDispatch.InlineStopped);
        lane.Post("late", 1).ShouldBe(CoalescingPost.Stopped);
    }

    [Fact]
    public async Task A_lane_is_a_keyed_service_and_registering_twice_changes_nothing()
    {
        using var host = Build(services => services.AddCleanupDispatcher().AddCoalescingLane<string, int, SeenHandler>("presence", o => o.BatchSize = 7));

        host.Services.GetRequiredKeyedService<CoalescingLane<string, int>>("presence").ShouldBeSameAs(host.Services.GetRequiredService<CoalescingLane<string, int>>());
        host.Services.GetServices<CoalescingLane<string, int>>().ShouldHaveSingleItem();
        host.Services.GetServices<CleanupDispatcher>().ShouldHaveSingleItem();
        host.Services.GetRequiredService<IOptionsMonitor<CoalescingLaneOptions>>().Get("presence").BatchSize.ShouldBe(7);
        await host.StopAsync();
    }

    [Fact]
    public async Task Wrong_limits_end_the_start_with_value_and_cure()
    {
        using var host = Build(services => services.AddCleanupDispatcher(o => (o.QueueCapacity, o.BatchSize) = (10, 64)));

        var thrown = await Should.ThrowAsync<OptionsValidationException>(() => host.StartAsync());

        thrown.Message.ShouldContain("BatchSize is 64");
        thrown.Message.ShouldContain("QueueCapacity is 10");
        thrown.Message.ShouldContain("set BatchSize to at most");
    }

    [Fact]
    public async Task The_health_check_is_degraded_while_an_alert_is_raised()
    {
        using var host = Build(services => services.AddCleanupDispatcher(o => (o.Workers, o.QueueCapacity, o.BatchSize, o.BreakerThreshold) = (1, 1, 1, 1)));
        await host.StartAsync();
        var health = host.Services.GetRequiredService<HealthCheckService>();
        (await health.CheckHealthAsync()).Status.ShouldBe(HealthStatus.Healthy);
        using var gate = new ManualResetEventSlim();
        var entered = new TaskCompletionSource();
        var dispatcher = host.Services.GetRequiredService<CleanupDispatcher>();
        dispatcher.Post(DispatcherFixture.Blocking(gate, entered));
        await entered.Task.Within();
        dispatcher.Post(new CleanupScope()).ShouldBe(CleanupDispatch.InlineQueueFull);

        var report = await health.CheckHealthAsync();

        var entry = report.Entries["cleanup"];
        entry.Status.ShouldBe(HealthStatus.Degraded);
        entry.Description!.ShouldContain("breaker");
        entry.Data["pending"].ShouldBe(1L);
        entry.Data["breaker"].ShouldBe("Open");
        gate.Set();
        await host.StopAsync().Within();
    }

    [Fact]
    public async Task A_bare_container_works_without_logging_and_metrics_and_is_disposed_synchronously()
    {
        var provider = new ServiceCollection().AddCleanupDispatcher().AddCoalescingLane<string, int, SeenHandler>("lane").Services.AddSingleton<Seen>().BuildServiceProvider();
        var closed = 0;
        var dispatcher = provider.GetRequiredService<CleanupDispatcher>();
        _ = provider.GetRequiredService<CoalescingLane<string, int>>();
        var scope = DispatcherFixture.Scope(() => closed++);
        dispatcher.Post(scope);

        provider.Dispose();

        await scope.Completion.Within();
        closed.ShouldBe(1);
    }

    private static IHost Build(Action<IServiceCollection>? configure = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddSingleton<Seen>();

        // The ends wait as long as it takes: no test here is about their time.
        builder.Services.AddCleanupDispatcher(static o => o.DrainTimeout = TimeSpan.FromMinutes(10))
            .AddCoalescingLane<string, int, SeenHandler>("presence", static o => (o.Delay, o.DrainTimeout) = (TimeSpan.FromHours(1), TimeSpan.FromMinutes(10)));
        builder.Services.AddHealthChecks().AddCleanupDispatcher();
        configure?.Invoke(builder.Services);
        return builder.Build();
    }

    private sealed class Seen
    {
        public System.Collections.Concurrent.ConcurrentQueue<string> Keys { get; } = new();
    }

    private sealed class SeenHandler(Seen seen) : ICoalescingHandler<string, int>
    {
        public bool TryMerge(string key, int pending, int added, out int merged)
        {
            merged = added;
            return true;
        }

        public ValueTask HandleAsync(IReadOnlyList<KeyValuePair<string, int>> batch, CancellationToken cancellationToken)
        {
            foreach (var (key, _) in batch)
            {
                seen.Keys.Enqueue(key);
            }

            return ValueTask.CompletedTask;
        }
    }
}
