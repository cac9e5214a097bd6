using Resilience.TestKit;

namespace Resilience.Cleanup.Tests;

/// <summary>A dispatcher on a manual clock, with everything it tells collected.</summary>
internal sealed class DispatcherFixture : IAsyncDisposable
{
    private readonly TestMeterFactory _meters = new();

    public DispatcherFixture(Action<CleanupDispatcherOptions>? configure = null)
    {
        Metrics = new MetricCollector(_meters);
        var options = new CleanupDispatcherOptions { OnAlert = Alerts.Add };
        configure?.Invoke(options);
        Dispatcher = new CleanupDispatcher(options, Time, new CleanupMetrics(_meters), Logs.CreateLogger<CleanupDispatcher>());
    }

    public ManualTimeProvider Time { get; } = new();

    public LogCollector Logs { get; } = new();

    public MetricCollector Metrics { get; }

    public System.Collections.Concurrent.BlockingCollection<CleanupAlert> Alerts { get; } = [];

    public CleanupDispatcher Dispatcher { get; }

    public static CleanupScope Scope(Action step)
    {
        var scope = new CleanupScope();
        scope.Defer(step, static s => s());
        return scope;
    }

    /// <summary>A scope whose step blocks its thread until the gate is opened.</summary>
    public static CleanupScope Blocking(ManualResetEventSlim gate, TaskCompletionSource? entered = null) => Scope(() =>
    {
        entered?.TrySetResult();
        gate.Wait();
    });

    /// <summary>Closed, and the queue has room again: it is told once per batch.</summary>
    public Task WhenAllClosedAsync() =>
        Watchdog.UntilAsync(() => Dispatcher.Snapshot().Pending == 0 && Dispatcher.Queue.Pending == 0, detail: () => Dispatcher.Snapshot().ToString());

    public async ValueTask DisposeAsync()
    {
        var drain = Dispatcher.DisposeAsync().AsTask();
        await Time.DriveAsync(drain, TimeSpan.FromHours(1));
        Metrics.Dispose();
        _meters.Dispose();
        Logs.Dispose();
        Alerts.Dispose();
    }
}
