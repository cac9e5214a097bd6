using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Resilience.Queues;

/// <summary>The state of the trimmed streams, from the last trims: it asks no server. Thread-safe.</summary>
internal sealed class StreamTrimmerHealthCheck(StreamTrimmer trimmer) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var monitor = trimmer.Monitor;
        var data = new Dictionary<string, object>(StringComparer.Ordinal);
        foreach (var figures in monitor.Last)
        {
            data[$"{figures.Name}.streams"] = figures.Streams;
            data[$"{figures.Name}.length"] = figures.Length;
            data[$"{figures.Name}.bytes"] = figures.Bytes;
            data[$"{figures.Name}.lag"] = figures.Lag;
            data[$"{figures.Name}.blocked"] = figures.Blocked;
            data[$"{figures.Name}.staleGroups"] = figures.StaleGroups;
        }

        if (monitor.Memory is { } memory)
        {
            data["server.usedBytes"] = memory.Used;
            data["server.maximumBytes"] = memory.Maximum;
            data["server.evictionPolicy"] = memory.EvictionPolicy;
        }

        var active = monitor.ActiveAlerts.ToList();
        if (monitor.Memory is { Maximum: > 0, EvictionPolicy: not ("noeviction" or "") } evicting)
        {
            active.Add($"the server may evict keys ({evicting.EvictionPolicy}); set maxmemory-policy noeviction");
        }

        if (active.Count == 0)
        {
            return Task.FromResult(HealthCheckResult.Healthy("No alert is raised.", data));
        }

        var text = $"Raised: {string.Join(", ", active)}.";
        return Task.FromResult(monitor.IsUnreachable
            ? new HealthCheckResult(context.Registration.FailureStatus, text, null, data)
            : HealthCheckResult.Degraded(text, null, data));
    }
}
