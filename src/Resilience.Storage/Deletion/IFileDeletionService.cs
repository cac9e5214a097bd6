using System.Data.Common;

namespace Resilience.Storage;

/// <summary>
/// Deletes a record and its file as one: the record first, the file only after the durable commit, and the record comes back when the file cannot be deleted.
/// Safe for concurrent use, and by several processes on one database.
/// </summary>
/// <remarks>See the page <c>docs/storage.md</c> for the states and for what is found after a crash at any point.</remarks>
public interface IFileDeletionService
{
    /// <summary>Deletes a record and its file, and waits for the outcome.</summary>
    /// <param name="key">The record's key.</param>
    /// <param name="who">Who asks.</param>
    /// <param name="cancellationToken">
    /// Until the commit: nothing happened, and the call ends by <see cref="OperationCanceledException"/>. After it: the call ends with
    /// <see cref="DeletionStatus.Accepted"/> and the deletion goes on.
    /// </param>
    /// <exception cref="DbException">The database failed before anything was committed, or the outcome of the commit could not be learnt. Ask again, or let recovery.</exception>
    /// <exception cref="IOException">The root folder is missing, replaced or another database's, or it cannot be said whether the file is there. Nothing changed.</exception>
    Task<DeletionResult> DeleteAsync(string key, DeletionContext who, CancellationToken cancellationToken = default);

    /// <summary>Writes a deletion into the application's own transaction, which also removes the record. No record is brought back: a file that cannot be deleted stays in the journal and is tried again.</summary>
    /// <param name="transaction">The application's open transaction, on the same database.</param>
    /// <param name="file">The file.</param>
    /// <param name="who">Who asks, for the audit trail. The application has decided that they may.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="InvalidOperationException">The connection's commits are not durable.</exception>
    /// <exception cref="DbException">The database failed.</exception>
    /// <exception cref="IOException">It cannot be said whether the file is there.</exception>
    Task<DeletionTicket> EnlistAsync(DbTransaction transaction, FileToDelete file, DeletionContext who, CancellationToken cancellationToken = default);

    /// <summary>Carries on what dead processes left. Runs by itself at start and on an interval; calling it more often, or on several nodes at once, does no harm.</summary>
    /// <param name="cancellationToken">Ends the run; what was not finished is found by the next one.</param>
    /// <exception cref="DbException">The database failed.</exception>
    Task<RecoveryReport> RecoverAsync(CancellationToken cancellationToken = default);
}
