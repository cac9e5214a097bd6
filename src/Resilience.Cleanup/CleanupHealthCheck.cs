using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Resilience.Cleanup;

/// <summary>Degraded while an alert of the dispatcher or of a lane is raised; its figures are in the data.</summary>
internal sealed class CleanupHealthCheck(CleanupDispatcher dispatcher, IEnumerable<ILaneState> lanes) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var snapshot = dispatcher.Snapshot();
        var troubles = dispatcher.Telemetry.Troubles().Concat(lanes.Select(static lane => lane.Trouble).OfType<string>()).ToArray();
        var data = new Dictionary<string, object>
        {
            ["pending"] = snapshot.Pending,
            ["queuedNormal"] = snapshot.QueuedNormal,
            ["queuedLow"] = snapshot.QueuedLow,
            ["oldestAgeSeconds"] = snapshot.OldestAge.TotalSeconds,
            ["posted"] = snapshot.Posted,
            ["closed"] = snapshot.Closed,
            ["inline"] = snapshot.Inline,
            ["workers"] = snapshot.Workers,
            ["stuckWorkers"] = snapshot.StuckWorkers,
            ["workerRestarts"] = snapshot.WorkerRestarts,
            ["breaker"] = snapshot.Breaker.ToString(),
        };
        foreach (var lane in lanes)
        {
            data[$"lane.{lane.Name}.pending"] = lane.Pending;
        }

        return Task.FromResult(troubles.Length == 0
            ? HealthCheckResult.Healthy("Scopes are closed in time.", data)
            : HealthCheckResult.Degraded(string.Join("; ", troubles), data: data));
    }
}
