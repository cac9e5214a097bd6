namespace Resilience.Storage.Internal;

/// <summary>An application's own record store, one record at a time.</summary>
internal sealed class StoreAdapter(IFileRecordStore store) : IRecordAdapter
{
    public string? Canonical(string key) => RecordKeys.IsPossible(key) ? key : null;

    public Task ValidateAsync(SqlSession session, CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task<FileRecord?> FindAsync(SqlSession session, string key, CancellationToken cancellationToken) =>
        await store.FindAsync(session.Connection, session.Transaction, key, lockRecord: false, cancellationToken).ConfigureAwait(Systematic.KeepContext);

    public async Task<List<LockedRecord>> LockAsync(SqlSession session, IReadOnlyList<string> keys, bool wait, CancellationToken cancellationToken)
    {
        var locked = new List<LockedRecord>(keys.Count);
        foreach (var key in keys.Order(StringComparer.Ordinal))
        {
            var record = await store.FindAsync(session.Connection, session.Transaction, key, lockRecord: true, cancellationToken).ConfigureAwait(Systematic.KeepContext);
            if (record is not null)
            {
                locked.Add(new LockedRecord(record, false, null));
            }
        }

        return locked;
    }

    // What was not found was not locked by others either: the store waits, at most for the batch's lock timeout.
    public Task<List<string>> VisibleAsync(SqlSession session, IReadOnlyList<string> keys, CancellationToken cancellationToken) => Task.FromResult<List<string>>([]);

    public Task<List<string>> SharedAsync(SqlSession session, IReadOnlyList<string> paths, CancellationToken cancellationToken) => Task.FromResult<List<string>>([]);

    public async Task RemoveAsync(SqlSession session, IReadOnlyList<(JournalEntry Entry, LockedRecord Locked)> items, CancellationToken cancellationToken)
    {
        foreach (var (entry, locked) in items)
        {
            entry.Snapshot = await store.RemoveAsync(session.Transaction!, locked.Record, Guid.Parse(entry.Id), cancellationToken).ConfigureAwait(Systematic.KeepContext);
            if (entry.Snapshot is not null)
            {
                await session.ExecuteTextAsync(
                    "UPDATE resilience_file_journal SET snapshot = @snapshot WHERE id = @id", cancellationToken, ("@snapshot", entry.Snapshot), ("@id", entry.Id))
                    .ConfigureAwait(Systematic.KeepContext);
            }
        }
    }

    public Task<List<string>> LockRemovedAsync(SqlSession session, IReadOnlyList<JournalEntry> entries, bool wait, CancellationToken cancellationToken) =>
        Task.FromResult<List<string>>([]);

    public async Task CompleteAsync(SqlSession session, IReadOnlyList<JournalEntry> entries, CancellationToken cancellationToken)
    {
        foreach (var entry in entries)
        {
            await store.CompleteAsync(session.Transaction!, entry.ToRemoved(), cancellationToken).ConfigureAwait(Systematic.KeepContext);
        }
    }

    public async Task<bool> RestoreAsync(SqlSession session, JournalEntry entry, string errorCode, CancellationToken cancellationToken) =>
        await store.RestoreAsync(session.Transaction!, entry.ToRemoved(), errorCode, cancellationToken).ConfigureAwait(Systematic.KeepContext);

    public async Task<IReadOnlyCollection<string>> KnownPathsAsync(SqlSession session, IReadOnlyCollection<string> paths, CancellationToken cancellationToken) =>
        await store.FindKnownPathsAsync(session.Connection, session.Transaction, paths, cancellationToken).ConfigureAwait(Systematic.KeepContext);
}
