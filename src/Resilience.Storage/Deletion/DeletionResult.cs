namespace Resilience.Storage;

/// <summary>How a deletion ended.</summary>
public enum DeletionStatus
{
    /// <summary>Record and file are gone, durably.</summary>
    Succeeded,

    /// <summary>They were gone before.</summary>
    AlreadyDeleted,

    /// <summary>Another caller's deletion of it is under way.</summary>
    InProgress,

    /// <summary>
    /// The deletion is committed and is carried on in the background: the caller stopped waiting, or the database did. It ends as <see cref="Succeeded"/>,
    /// <see cref="Failed"/> or <see cref="Stuck"/>; the audit trail says which.
    /// </summary>
    Accepted,

    /// <summary>There is no such record; or the caller may not know of it (<see cref="FileDeletionOptions.HideExistence"/>).</summary>
    NotFound,

    /// <summary>The caller may not delete it.</summary>
    Denied,

    /// <summary>The file is not one that may be deleted; <see cref="DeletionResult.ErrorCode"/> says why. The record is as it was.</summary>
    Refused,

    /// <summary>The application holds a lock on the record, or the authorizer did not answer in time. Nothing changed; ask again.</summary>
    Busy,

    /// <summary>The file could not be deleted; the record is back.</summary>
    Failed,

    /// <summary>
    /// The file could not be deleted and the record could not be brought back; or the file is gone and the database refuses to remove what is left of the record
    /// (<see cref="DeletionResult.ErrorCode"/> is its SQLSTATE). It is tried again on every recovery, and health says so.
    /// </summary>
    Stuck,

    /// <summary>An enlisted deletion whose transaction has not been committed.</summary>
    NotCommitted,
}

/// <summary>The answer to a deletion.</summary>
/// <param name="Status">How it ended.</param>
/// <param name="Attempts">How often the file was tried.</param>
/// <param name="DeletionId">The deletion's id in journal and audit trail; empty when it never began.</param>
/// <param name="ErrorCode">Why, as a short code; null when there is nothing to say.</param>
public readonly record struct DeletionResult(DeletionStatus Status, int Attempts, Guid DeletionId, string? ErrorCode)
{
    /// <summary>Whether record and file are gone. An accepted deletion is not yet: its file may prove undeletable, and then the record comes back.</summary>
    public bool IsGone => Status is DeletionStatus.Succeeded or DeletionStatus.AlreadyDeleted;
}
