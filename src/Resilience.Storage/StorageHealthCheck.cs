using System.Globalization;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Resilience.Storage.Internal;

/// <summary>The state of file deletion: unhealthy while the database or the folder cannot be used, degraded while something needs an operator.</summary>
internal sealed class StorageHealthCheck(StorageStatus status, StorageInitializer initializer, CommitLoop loop) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var journal = status.Journal;
        var data = new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["pending"] = journal.Pending,
            ["failed"] = journal.Failed,
            ["stuck"] = journal.Stuck,
            ["oldestSeconds"] = journal.OldestAge.TotalSeconds,
            ["queued"] = loop.Queued,
        };
        if (status.LastSweep is { } sweep)
        {
            data["lastSweep"] = sweep.Outcome.ToString();
            data["lastSweepReason"] = sweep.Reason ?? string.Empty;
            data["orphans"] = sweep.Orphans;
        }

        return Task.FromResult(Judge(journal, data));
    }

    private HealthCheckResult Judge(JournalCounts journal, Dictionary<string, object> data)
    {
        if (status.RecoveryError is { } error)
        {
            return HealthCheckResult.Unhealthy(initializer.IsReady ? "Recovery fails." : "File deletion cannot start yet.", error, data);
        }

        if (status.StuckAlert)
        {
            return HealthCheckResult.Degraded(string.Create(CultureInfo.InvariantCulture, $"{journal.Stuck} deletions are stuck."), null, data);
        }

        return status.SweepAlert
            ? HealthCheckResult.Degraded($"The last sweep stopped: {status.LastSweep?.Reason}.", null, data)
            : HealthCheckResult.Healthy(null, data);
    }
}
