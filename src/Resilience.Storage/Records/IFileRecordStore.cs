using System.Data.Common;

namespace Resilience.Storage;

/// <summary>
/// Access to records that are not one row of one table. Every method runs in the transaction that it is given and commits nothing.
/// Safe for concurrent use.
/// </summary>
public interface IFileRecordStore
{
    /// <summary>Finds a record that is not removed.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="transaction">The transaction; null for a look without one.</param>
    /// <param name="key">The key.</param>
    /// <param name="lockRecord">
    /// Whether to lock it until the transaction ends (<c>FOR UPDATE</c>; on SQLite the transaction holds the write lock already). Without it a record whose deletion is
    /// under way may be given, too: then those who may delete it are told that it is going.
    /// </param>
    /// <param name="cancellationToken">Ends the wait.</param>
    ValueTask<FileRecord?> FindAsync(DbConnection connection, DbTransaction? transaction, string key, bool lockRecord, CancellationToken cancellationToken);

    /// <summary>Removes a locked record, so that no reader sees it.</summary>
    /// <param name="transaction">The transaction.</param>
    /// <param name="record">What <see cref="FindAsync"/> gave.</param>
    /// <param name="deletionId">The deletion's id.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>What <see cref="RestoreAsync"/> needs to bring it back; kept in the journal.</returns>
    ValueTask<string?> RemoveAsync(DbTransaction transaction, FileRecord record, Guid deletionId, CancellationToken cancellationToken);

    /// <summary>Brings a removed record back, because its file could not be deleted.</summary>
    /// <param name="transaction">The transaction.</param>
    /// <param name="removed">The removed record.</param>
    /// <param name="errorCode">Why the file could not be deleted.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>False when it cannot be brought back.</returns>
    ValueTask<bool> RestoreAsync(DbTransaction transaction, RemovedRecord removed, string errorCode, CancellationToken cancellationToken);

    /// <summary>The file is gone: removes what is left of the record. Called again after a crash; doing nothing is right when nothing is left.</summary>
    /// <param name="transaction">The transaction.</param>
    /// <param name="removed">The removed record.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    ValueTask CompleteAsync(DbTransaction transaction, RemovedRecord removed, CancellationToken cancellationToken);

    /// <summary>Which of these paths any record has, removed ones included. The sweeper takes every other file for an orphan.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="transaction">The transaction; null for a look without one.</param>
    /// <param name="paths">At most 1000 paths.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    ValueTask<IReadOnlyCollection<string>> FindKnownPathsAsync(DbConnection connection, DbTransaction? transaction, IReadOnlyCollection<string> paths, CancellationToken cancellationToken);
}
