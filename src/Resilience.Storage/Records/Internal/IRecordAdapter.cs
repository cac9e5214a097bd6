namespace Resilience.Storage.Internal;

/// <summary>A record that a transaction holds the lock of.</summary>
/// <param name="Record">The record.</param>
/// <param name="IsPending">Whether a deletion of it is under way.</param>
/// <param name="Snapshot">What brings it back, where that is taken before the removal.</param>
internal sealed record LockedRecord(FileRecord Record, bool IsPending, string? Snapshot);

/// <summary>Records in sets, for group commit. In every method the session's transaction is the one that counts.</summary>
internal interface IRecordAdapter
{
    /// <summary>
    /// Whether <see cref="CompleteAsync"/> is statements only, which a savepoint takes back. An application's own code is called when the file is gone, and not before.
    /// </summary>
    bool CanTakeBack { get; }

    /// <summary>The key as the database would write it; null when no record can have it.</summary>
    string? Canonical(string key);

    /// <summary>Checks the mapping against the database; gives foreign keys that may refuse the last step. Runs once, at start.</summary>
    Task<IReadOnlyList<string>> ValidateAsync(SqlSession session, CancellationToken cancellationToken);

    /// <summary>A look without a lock, at a record whose deletion is under way too; null when there is no row.</summary>
    Task<FileRecord?> FindAsync(SqlSession session, string key, CancellationToken cancellationToken);

    /// <summary>Locks records in the order of their keys. Without <paramref name="wait"/>, leaves out those that others hold.</summary>
    Task<List<LockedRecord>> LockAsync(SqlSession session, IReadOnlyList<string> keys, bool wait, CancellationToken cancellationToken);

    /// <summary>Which of these keys there is a row for, whoever holds it.</summary>
    Task<List<string>> VisibleAsync(SqlSession session, IReadOnlyList<string> keys, CancellationToken cancellationToken);

    /// <summary>Which of these paths more than one record has; answered with the next statement.</summary>
    SqlRows<string> AskShared(SqlSession session, IReadOnlyList<string> paths);

    /// <summary>Removes locked records; every one, or the transaction fails, at the latest with its commit. Sets the snapshot of each entry that needs one.</summary>
    Task RemoveAsync(SqlSession session, IReadOnlyList<(JournalEntry Entry, LockedRecord Locked)> items, CancellationToken cancellationToken);

    /// <summary>Locks what is left of removed records; the answer has the deletions' ids. Without <paramref name="wait"/>, leaves out those that others hold.</summary>
    SqlRows<string> AskRemoved(SqlSession session, IReadOnlyList<JournalEntry> entries, bool wait);

    /// <summary>Which of these deletions have a row that was left out by <see cref="AskRemoved"/>, because others hold it.</summary>
    Task<List<string>> HeldAsync(SqlSession session, IReadOnlyList<JournalEntry> entries, SqlRows<string> locked, CancellationToken cancellationToken);

    /// <summary>Removes what is left of removed records.</summary>
    Task CompleteAsync(SqlSession session, IReadOnlyList<JournalEntry> entries, CancellationToken cancellationToken);

    /// <summary>Brings a record back.</summary>
    Task<bool> RestoreAsync(SqlSession session, JournalEntry entry, string errorCode, CancellationToken cancellationToken);

    /// <summary>Which of these paths any record has.</summary>
    Task<IReadOnlyCollection<string>> KnownPathsAsync(SqlSession session, IReadOnlyCollection<string> paths, CancellationToken cancellationToken);

    /// <summary>Which of these paths, all in lower case, any record has in whatever case.</summary>
    /// <exception cref="SweepAbortedException">The records cannot be asked that way.</exception>
    Task<IReadOnlyCollection<string>> KnownLowerPathsAsync(SqlSession session, IReadOnlyCollection<string> paths, CancellationToken cancellationToken);
}
