using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Resilience.Queues;

/// <summary>The state of every queue of the process, from the last sample: it asks no store. Thread-safe.</summary>
internal sealed class QueuesHealthCheck(IServiceProvider services) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var data = new Dictionary<string, object>(StringComparer.Ordinal);
        var active = new List<string>();
        var unreachable = false;
        foreach (var registration in services.GetServices<QueueRegistration>())
        {
            var monitor = registration.Resolve(services).Monitor;
            Describe(monitor, data);
            active.AddRange(monitor.ActiveAlerts.Select(alert => $"{monitor.Name}.{alert}"));
            unreachable |= monitor.StoreAlert.IsActive;
        }

        if (active.Count == 0)
        {
            return Task.FromResult(HealthCheckResult.Healthy("No alert is raised.", data));
        }

        var text = $"Raised: {string.Join(", ", active)}.";
        return Task.FromResult(unreachable
            ? new HealthCheckResult(context.Registration.FailureStatus, text, null, data)
            : HealthCheckResult.Degraded(text, null, data));
    }

    private static void Describe(QueueMonitor monitor, Dictionary<string, object> data)
    {
        var figures = monitor.Figures;
        void Add(string name, object value) => data[string.Create(CultureInfo.InvariantCulture, $"{monitor.Name}.{name}")] = value;
        Add("size", figures.Stats.Size);
        Add("size.maximum", figures.Maximum);
        Add("size.average", Math.Round(figures.Average, 1));
        Add("growthPerSecond", Math.Round(figures.GrowthPerSecond, 3));
        Add("ready", figures.Stats.Ready);
        Add("delayed", figures.Stats.Delayed);
        Add("leased", figures.Stats.Leased);
        Add("dead", figures.Stats.Dead);
        Add("oldestAgeSeconds", Math.Round(figures.Stats.OldestAge.TotalSeconds, 3));
        Add("bytes", figures.Stats.Bytes);
        Add("enqueued", figures.Enqueued);
        Add("rejected", figures.Rejected);
        Add("deadLettered", figures.DeadLettered);
        Add("cleanup.succeeded", figures.CleanupSucceeded);
        Add("cleanup.failed", figures.CleanupFailed);
        Add("cleanup.removed", figures.CleanupRemoved);
        Add("cleanup.lastRemoved", figures.LastCleanup.Removed);
        Add("cleanup.backlog", figures.LastCleanup.Remaining);
        Add("alerts", string.Join(',', monitor.ActiveAlerts));
        if (figures.LastError is { } error)
        {
            Add("lastError", error);
        }
    }
}
