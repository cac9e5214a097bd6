namespace Resilience.Storage;

/// <summary>What an audit row says.</summary>
public enum AuditResult
{
    /// <summary>A deletion was asked for. Written before anything else, in a transaction of its own.</summary>
    Requested,

    /// <summary>The caller may not delete the file.</summary>
    Denied,

    /// <summary>There is no such record.</summary>
    NotFound,

    /// <summary>The path in the record is not allowed, leads out of the root or names no regular file.</summary>
    InvalidPath,

    /// <summary>Refused for another reason, such as a file that two records share.</summary>
    Refused,

    /// <summary>The file was not there.</summary>
    FileMissing,

    /// <summary>Another deletion of it was under way.</summary>
    InProgress,

    /// <summary>It was deleted before.</summary>
    AlreadyDeleted,

    /// <summary>The record was locked by the application, or the authorizer did not answer.</summary>
    Busy,

    /// <summary>The caller gave up before anything was committed.</summary>
    Cancelled,

    /// <summary>One try to delete the file failed.</summary>
    AttemptFailed,

    /// <summary>Record and file are gone. Written in the transaction that removes the journal row, so it cannot lie.</summary>
    Succeeded,

    /// <summary>The record came back.</summary>
    RolledBack,

    /// <summary>All tries failed.</summary>
    Failed,

    /// <summary>All tries failed and the record could not come back.</summary>
    Stuck,

    /// <summary>A deletion of a dead process was taken over.</summary>
    Recovered,

    /// <summary>A request ended without a word, because its process did.</summary>
    Interrupted,

    /// <summary>A file without a record was found (dry run).</summary>
    OrphanFound,

    /// <summary>A file without a record was set aside.</summary>
    OrphanQuarantined,

    /// <summary>A file without a record was deleted.</summary>
    OrphanDeleted,

    /// <summary>A file that had been set aside is back.</summary>
    OrphanRestored,

    /// <summary>The sweep stopped without removing anything more.</summary>
    SweepAborted,

    /// <summary>An upload was abandoned; its file, if there was one, is gone.</summary>
    UploadReaped,

    /// <summary>An operator declared that database and folder belong together.</summary>
    RootAccepted,
}
