namespace Resilience.Storage;

/// <summary>How a sweep ended.</summary>
public enum SweepOutcome
{
    /// <summary>Every file was looked at.</summary>
    Completed,

    /// <summary>It stopped without removing anything more; <see cref="SweepReport.Reason"/> says why.</summary>
    Aborted,

    /// <summary>Another process is sweeping.</summary>
    AlreadyRunning,
}

/// <summary>What one sweep did.</summary>
/// <param name="SweepId">The sweep's id in the audit trail.</param>
/// <param name="Outcome">How it ended.</param>
/// <param name="Reason">Why it stopped, as a short code; null when it was completed.</param>
/// <param name="DryRun">Whether it only looked.</param>
/// <param name="Scanned">Files that were listed.</param>
/// <param name="Orphans">Those that nothing in the database knew.</param>
/// <param name="Ignored">Those whose names break the rules for paths; they are left alone.</param>
/// <param name="Quarantined">Those that were set aside.</param>
/// <param name="Deleted">Those that were deleted: at once, or after their time in quarantine.</param>
/// <param name="Restored">Those that came back from quarantine, because a record has them.</param>
/// <param name="Failed">Those that could not be moved or deleted.</param>
/// <param name="Duration">How long it took.</param>
public sealed record SweepReport(
    Guid SweepId,
    SweepOutcome Outcome,
    string? Reason,
    bool DryRun,
    long Scanned,
    long Orphans,
    long Ignored,
    long Quarantined,
    long Deleted,
    long Restored,
    long Failed,
    TimeSpan Duration);
