using System.ComponentModel.DataAnnotations;

namespace Resilience.Storage;

/// <summary>What happens when a record's file is not there.</summary>
public enum MissingFileBehavior
{
    /// <summary>The record goes; the audit trail has <see cref="AuditResult.FileMissing"/>.</summary>
    DeleteRecord,

    /// <summary>The deletion is refused and the record stays.</summary>
    Refuse,
}

/// <summary>Options of transactional file deletion. Validated when the application starts.</summary>
public sealed class FileDeletionOptions
{
    /// <summary>The folder that all paths lie below; for the file system that ships.</summary>
    /// <value>None: it must be set, unless files lie in a store of your own.</value>
    public string RootPath { get; set; } = string.Empty;

    /// <summary>The name of the root in the tables. Keep it the same on all nodes, wherever each mounts the folder.</summary>
    /// <value>Default <c>files</c>; 1 to 64 characters.</value>
    [StringLength(64, MinimumLength = 1)]
    public string RootName { get; set; } = "files";

    /// <summary>What happens when a record's file is not there.</summary>
    /// <value>Default <see cref="MissingFileBehavior.DeleteRecord"/>: a record whose file is gone must be deletable.</value>
    public MissingFileBehavior MissingFile { get; set; } = MissingFileBehavior.DeleteRecord;

    /// <summary>Whether a caller who may not delete a file is told that there is none. The audit trail keeps the truth.</summary>
    /// <value>Default true.</value>
    public bool HideExistence { get; set; } = true;

    /// <summary>Whether a file with more than one name is refused: deleting one name leaves the content.</summary>
    /// <value>Default false.</value>
    public bool RefuseHardLinks { get; set; }

    /// <summary>Tries after the first one; unused with a retry pipeline of your own.</summary>
    /// <value>Default 3; 0 to 10.</value>
    [Bounds(0, 10)]
    public int MaxRetries { get; set; } = 3;

    /// <summary>The wait before the first retry; it doubles with each.</summary>
    /// <value>Default 1 s; 1 ms to 1 min.</value>
    [TimeSpanRange("00:00:00.001", "00:01:00")]
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest wait between two tries.</summary>
    /// <value>Default 60 s; 1 ms to 10 min; not below <see cref="RetryDelay"/>.</value>
    [TimeSpanRange("00:00:00.001", "00:10:00")]
    public TimeSpan MaxRetryDelay { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a deletion belongs to the process that began it; then any process may carry it on. Renewed with each try.</summary>
    /// <value>Default 60 s; 1 s to 1 h; above the longest wait between two tries.</value>
    [TimeSpanRange("00:00:01", "01:00:00")]
    public TimeSpan LeaseDuration { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How often deletions that a dead process left are looked for.</summary>
    /// <value>Default 30 s; 1 s to 1 h.</value>
    [TimeSpanRange("00:00:01", "01:00:00")]
    public TimeSpan RecoveryInterval { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The most deletions at the same step that share one commit; one transaction may finish some and begin others.</summary>
    /// <value>Default 64; 1 to 64.</value>
    [Bounds(1, 64)]
    public int MaxBatch { get; set; } = 64;

    /// <summary>The most deletions that wait for a commit; above it callers wait to be let in.</summary>
    /// <value>Default 10,000; 1 to 1,000,000.</value>
    [Bounds(1, 1_000_000)]
    public int MaxQueued { get; set; } = 10_000;

    /// <summary>The longest wait for a row that the application has locked; then the answer is <see cref="DeletionStatus.Busy"/>. Other deletions go on meanwhile.</summary>
    /// <value>Default 2 s; 100 ms to 60 s.</value>
    [TimeSpanRange("00:00:00.1", "00:01:00")]
    public TimeSpan LockTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>The longest wait for an authorizer of your own; then the answer is <see cref="DeletionStatus.Busy"/>. No transaction is open meanwhile.</summary>
    /// <value>Default 5 s; 10 ms to 5 min.</value>
    [TimeSpanRange("00:00:00.01", "00:05:00")]
    public TimeSpan AuthorizerTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Whether a database whose commits a power failure can undo is refused.</summary>
    /// <value>Default true. False gives up the guarantee against power failure, not the one against a killed process.</value>
    public bool RequireDurableCommits { get; set; } = true;

    /// <summary>Whether the tables are created at start.</summary>
    /// <value>Default true; false for those who apply <see cref="StorageSchema.GetScript"/> by their own tool.</value>
    public bool CreateSchema { get; set; } = true;

    /// <summary>How long an upload may go without renewal before its file is taken for abandoned.</summary>
    /// <value>Default 15 min; 10 s to 24 h.</value>
    [TimeSpanRange("00:00:10", "1.00:00:00")]
    public TimeSpan UploadLease { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>How long audit rows, and journal rows of failed deletions, are kept.</summary>
    /// <value>Default 365 d; 1 d to 3,650 d.</value>
    [TimeSpanRange("1.00:00:00", "3650.00:00:00")]
    public TimeSpan AuditRetention { get; set; } = TimeSpan.FromDays(365);
}
