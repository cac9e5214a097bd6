namespace Resilience.Storage.Internal;

/// <summary>An application's own record store, one record at a time. It works on the connection itself, so what waits in the session is sent before it.</summary>
internal sealed class StoreAdapter(IFileRecordStore store) : IRecordAdapter
{
    public bool CanTakeBack => false;

    public string? Canonical(string key) => RecordKeys.IsPossible(key) ? key : null;

    public Task<IReadOnlyList<string>> ValidateAsync(SqlSession session, CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<string>>([]);

    public async Task<FileRecord?> FindAsync(SqlSession session, string key, CancellationToken cancellationToken) =>
        await store.FindAsync(session.Connection, session.Transaction, key, lockRecord: false, cancellationToken).ConfigureAwait(Systematic.KeepContext);

    public async Task<List<LockedRecord>> LockAsync(SqlSession session, IReadOnlyList<string> keys, bool wait, CancellationToken cancellationToken)
    {
        await session.SendAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
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

    public SqlRows<string> AskShared(SqlSession session, IReadOnlyList<string> paths) => SqlRows<string>.None();

    public async Task RemoveAsync(SqlSession session, IReadOnlyList<(JournalEntry Entry, LockedRecord Locked)> items, CancellationToken cancellationToken)
    {
        await session.SendAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        foreach (var (entry, locked) in items)
        {
            entry.Snapshot = await store.RemoveAsync(session.Transaction!, locked.Record, Guid.Parse(entry.Id), cancellationToken).ConfigureAwait(Systematic.KeepContext);
            if (entry.Snapshot is not null)
            {
                session.TellText("UPDATE resilience_file_journal SET snapshot = @snapshot WHERE id = @id", null, ("@snapshot", entry.Snapshot), ("@id", entry.Id));
            }
        }
    }

    public SqlRows<string> AskRemoved(SqlSession session, IReadOnlyList<JournalEntry> entries, bool wait) => SqlRows<string>.None();

    public Task<List<string>> HeldAsync(SqlSession session, IReadOnlyList<JournalEntry> entries, SqlRows<string> locked, CancellationToken cancellationToken) =>
        Task.FromResult<List<string>>([]);

    public async Task CompleteAsync(SqlSession session, IReadOnlyList<JournalEntry> entries, CancellationToken cancellationToken)
    {
        await session.SendAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        foreach (var entry in entries)
        {
            await store.CompleteAsync(session.Transaction!, entry.ToRemoved(), cancellationToken).ConfigureAwait(Systematic.KeepContext);
        }
    }

    public async Task<bool> RestoreAsync(SqlSession session, JournalEntry entry, string errorCode, CancellationToken cancellationToken)
    {
        await session.SendAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        return await store.RestoreAsync(session.Transaction!, entry.ToRemoved(), errorCode, cancellationToken).ConfigureAwait(Systematic.KeepContext);
    }

    public async Task<IReadOnlyCollection<string>> KnownPathsAsync(SqlSession session, IReadOnlyCollection<string> paths, CancellationToken cancellationToken)
    {
        await session.SendAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        return await store.FindKnownPathsAsync(session.Connection, session.Transaction, paths, cancellationToken).ConfigureAwait(Systematic.KeepContext);
    }

    public Task<IReadOnlyCollection<string>> KnownLowerPathsAsync(SqlSession session, IReadOnlyCollection<string> paths, CancellationToken cancellationToken) =>
        throw new SweepAbortedException("case_ignored");
}
