namespace Resilience.Storage.Internal;

/// <summary>What the health check tells: the last news of each background job. Safe for concurrent use.</summary>
internal sealed class StorageStatus
{
    private readonly Alert _stuck = new(StorageTelemetryNames.AlertStuck, 1, 1);
    private readonly Alert _sweep = new(StorageTelemetryNames.AlertSweep, 1, 1);
    private volatile Exception? _recoveryError;
    private volatile SweepReport? _lastSweep;
    private volatile Counts _journal = new(default);

    public JournalCounts Journal => _journal.Value;

    public Exception? RecoveryError => _recoveryError;

    public SweepReport? LastSweep => _lastSweep;

    public bool StuckAlert => _stuck.IsActive;

    public bool SweepAlert => _sweep.IsActive;

    public AlertChange UpdateJournal(JournalCounts counts)
    {
        _journal = new(counts);
        return _stuck.Update(counts.Stuck);
    }

    /// <summary>True when this changes whether recovery works.</summary>
    public bool UpdateRecovery(Exception? error) => Interlocked.Exchange(ref _recoveryError, error) is null != error is null;

    public AlertChange UpdateSweep(SweepReport report)
    {
        if (report.Outcome == SweepOutcome.AlreadyRunning)
        {
            return AlertChange.None;
        }

        _lastSweep = report;
        return report.Outcome == SweepOutcome.Aborted ? _sweep.Raise() : _sweep.Clear();
    }

    private sealed record Counts(JournalCounts Value);
}
