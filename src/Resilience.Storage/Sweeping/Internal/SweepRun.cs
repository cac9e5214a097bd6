namespace Resilience.Storage.Internal;

/// <summary>The numbers of one sweep.</summary>
internal sealed class SweepRun(Guid id, bool dryRun)
{
    public Guid Id => id;

    public bool DryRun => dryRun;

    public long Scanned { get; set; }

    public long Orphans { get; set; }

    public long Ignored { get; set; }

    public long Quarantined { get; set; }

    public long Deleted { get; set; }

    public long Restored { get; set; }

    public long Failed { get; set; }

    /// <summary>Files that a record, a deletion or an upload has.</summary>
    public long Known { get; set; }

    public SweepReport Report(SweepOutcome outcome, string? reason, TimeSpan duration) =>
        new(id, outcome, reason, dryRun, Scanned, Orphans, Ignored, Quarantined, Deleted, Restored, Failed, duration);
}
