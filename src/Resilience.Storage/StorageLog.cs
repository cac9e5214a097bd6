using Microsoft.Extensions.Logging;

namespace Resilience.Storage.Internal;

/// <summary>Log messages; ids from 3000.</summary>
internal static partial class StorageLog
{
    [LoggerMessage(3000, LogLevel.Debug, "Deletion {DeletionId} ended: {Status} after {Attempts} tries ({ErrorCode}).")]
    public static partial void Ended(ILogger logger, Guid deletionId, DeletionStatus status, int attempts, string? errorCode);

    [LoggerMessage(3001, LogLevel.Warning, "The file of deletion {DeletionId} could not be deleted ({ErrorCode}); its record is back.")]
    public static partial void Failed(ILogger logger, Guid deletionId, string errorCode);

    [LoggerMessage(3002, LogLevel.Error, "Deletion {DeletionId} is stuck ({ErrorCode}): its file could not be deleted and its record could not come back. It is tried again with every recovery; see docs/storage.md.")]
    public static partial void Stuck(ILogger logger, Guid deletionId, string errorCode);

    [LoggerMessage(3003, LogLevel.Warning, "Deletion {DeletionId} is committed and is left to recovery.")]
    public static partial void LeftToRecovery(ILogger logger, Guid deletionId, Exception exception);

    [LoggerMessage(3004, LogLevel.Warning, "A transaction for {Count} steps failed; each is run again by itself.")]
    public static partial void BatchFailed(ILogger logger, int count, Exception exception);

    [LoggerMessage(3005, LogLevel.Warning, "The answer to a commit was lost; whether its first deletion is in the journal, by the database: {InJournal}.")]
    public static partial void CommitInDoubt(ILogger logger, bool? inJournal, Exception exception);

    [LoggerMessage(3006, LogLevel.Warning, "The authorizer did not answer within {Timeout}.")]
    public static partial void AuthorizerTimedOut(ILogger logger, TimeSpan timeout);

    [LoggerMessage(3007, LogLevel.Warning, "The audit sink {Sink} threw; the audit trail in the database is complete.")]
    public static partial void SinkFailed(ILogger logger, string sink, Exception exception);

    [LoggerMessage(3008, LogLevel.Information, "Took over {Claimed} deletions of dead processes: {Completed} completed, {Restored} records brought back, {Stuck} stuck.")]
    public static partial void Recovered(ILogger logger, int claimed, int completed, int restored, int stuck);

    [LoggerMessage(3009, LogLevel.Error, "Recovery failed and is run again on the next interval.")]
    public static partial void RecoveryFailed(ILogger logger, Exception exception);

    [LoggerMessage(3010, LogLevel.Information, "Recovery works again.")]
    public static partial void RecoveryWorksAgain(ILogger logger);

    [LoggerMessage(3011, LogLevel.Error, "File deletion cannot start yet; each call tries again.")]
    public static partial void NotReady(ILogger logger, Exception exception);

    [LoggerMessage(3012, LogLevel.Warning, "File access is confined by best effort only: this system offers no way to resolve a path below a folder. See docs/storage.md.")]
    public static partial void BestEffort(ILogger logger);

    [LoggerMessage(3013, LogLevel.Warning, "Deletions are stuck: {Stuck}.")]
    public static partial void StuckRaised(ILogger logger, long stuck);

    [LoggerMessage(3014, LogLevel.Information, "No deletion is stuck any more.")]
    public static partial void StuckCleared(ILogger logger);

    [LoggerMessage(3015, LogLevel.Warning, "The request of the enlisted deletion {DeletionId} could not be written to the audit trail; the deletion itself is not concerned.")]
    public static partial void NoteFailed(ILogger logger, Guid deletionId, Exception exception);

    [LoggerMessage(3016, LogLevel.Warning, "The server runs with fsync off: a loss of power can undo a deletion's commit after its file is gone. Set fsync = on, or FileDeletionOptions.RequireDurableCommits to false.")]
    public static partial void ServerDoesNotSync(ILogger logger);

    [LoggerMessage(3017, LogLevel.Debug, "A transaction for {Count} steps gave way to a lock that the application holds; each step is run again by itself.")]
    public static partial void BatchGaveWay(ILogger logger, int count);

    [LoggerMessage(3018, LogLevel.Error, "Deletion {DeletionId} is stuck: its file is gone and the database refuses to remove what is left of its record ({SqlState}). It is tried again with every recovery; see docs/storage.md.")]
    public static partial void RecordRefused(ILogger logger, Guid deletionId, string sqlState, Exception exception);

    [LoggerMessage(3019, LogLevel.Warning, "The record table is referred to by {ForeignKey}: a record that is referred to when its file is gone cannot go, and its deletion is stuck until the reference is gone. Let the key cascade, or remove references before the deletion.")]
    public static partial void ForeignKeyMayRefuse(ILogger logger, string foreignKey);

    [LoggerMessage(3020, LogLevel.Information, "Sweep {SweepId} ended: {Outcome}; {Scanned} files, {Orphans} without a record, {Quarantined} set aside, {Deleted} deleted, {Restored} brought back.")]
    public static partial void Swept(ILogger logger, Guid sweepId, SweepOutcome outcome, long scanned, long orphans, long quarantined, long deleted, long restored);

    [LoggerMessage(3021, LogLevel.Warning, "Sweep {SweepId} stopped and removed nothing more: {Reason}.")]
    public static partial void SweepAborted(ILogger logger, Guid sweepId, string reason, Exception? exception);

    [LoggerMessage(3022, LogLevel.Information, "Sweeps work again.")]
    public static partial void SweepWorksAgain(ILogger logger);

    [LoggerMessage(3023, LogLevel.Debug, "A file without a record could not be moved or deleted and stays for the next sweep.")]
    public static partial void OrphanFailed(ILogger logger, Exception exception);

    [LoggerMessage(3024, LogLevel.Debug, "Sweep {SweepId} is under way: {Scanned} files, {Orphans} without a record.")]
    public static partial void SweepProgress(ILogger logger, Guid sweepId, long scanned, long orphans);

    [LoggerMessage(3025, LogLevel.Warning, "An operator declared that root {Root} and this database belong together.")]
    public static partial void RootAccepted(ILogger logger, string root);

    [LoggerMessage(3026, LogLevel.Debug, "The file of the abandoned upload {UploadId} could not be deleted and stays for a later run.")]
    public static partial void UploadNotReaped(ILogger logger, string uploadId, Exception exception);
}
