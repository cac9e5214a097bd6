using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Resilience.Data;

/// <summary>Degraded while too many commands are slow, or when nothing is watched; never Unhealthy: a slow database is no reason to end this process.</summary>
internal sealed class QueryMonitorHealthCheck(QueryMonitor monitor) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var health = monitor.Health;
        var slowest = monitor.Snapshot().Where(static s => s.Slow > 0).OrderByDescending(static s => s.Slow).Take(5);
        var data = new Dictionary<string, object>
        {
            ["sources"] = health.Sources,
            ["commands"] = health.Commands,
            ["slow"] = health.Slow,
            ["findings"] = health.Findings,
            ["slowRatio"] = health.SlowRatio,
            ["samples"] = health.Samples,
            ["slowest"] = slowest.Select(static s => $"{s.Statement} ({s.Slow} of {s.Count} slow, p95 {s.P95.TotalMilliseconds:0} ms)").ToArray(),
        };
        var result = health.Sources == 0 ? HealthCheckResult.Degraded("0 monitored sources: wrap the DbDataSource in a MonitoredDbDataSource.", null, data)
            : health.IsDegraded ? HealthCheckResult.Degraded("Too many commands are slow.", null, data)
            : HealthCheckResult.Healthy(null, data);
        return Task.FromResult(result);
    }
}
