namespace Resilience.Storage.Internal;

/// <summary>
/// Records in one table without a column for us: the row is deleted, and inserted again when its file cannot be. The database itself writes the snapshot and reads
/// it back, so that no value passes through a type of ours. What the table must not have for that is checked at start.
/// </summary>
internal sealed class SnapshotTable(RecordTable map, SqlDialect dialect) : TableAdapter(map, dialect)
{
    private ISnapshotSql? _snapshot;

    private ISnapshotSql Snapshot => _snapshot ?? throw new InvalidOperationException("The mapping was not checked.");

    public override async Task<IReadOnlyList<string>> ValidateAsync(SqlSession session, CancellationToken cancellationToken)
    {
        await session.ScalarTextAsync($"SELECT {Columns} FROM {Table} x WHERE 1 = 0", cancellationToken).ConfigureAwait(Systematic.KeepContext);
        _snapshot = Dialect == SqlDialect.Sqlite
            ? await SqliteSnapshot.CreateAsync(session, Map, Table, cancellationToken).ConfigureAwait(Systematic.KeepContext)
            : await PostgreSqlSnapshot.CreateAsync(session, Map, Table, cancellationToken).ConfigureAwait(Systematic.KeepContext);

        // Here a foreign key refuses the first step, before anything has happened.
        return [];
    }

    public override async Task<FileRecord?> FindAsync(SqlSession session, string key, CancellationToken cancellationToken)
    {
        var rows = await session.QueryTextAsync(
            Sql($"SELECT {Columns} FROM {Table} x WHERE {KeyIn("@keys")}"), ReadRecord, cancellationToken, ("@keys", JsonParameter.List([key])))
            .ConfigureAwait(Systematic.KeepContext);
        return rows.Count == 1 ? rows[0] : null;
    }

    public override Task<List<LockedRecord>> LockAsync(SqlSession session, IReadOnlyList<string> keys, bool wait, CancellationToken cancellationToken) =>
        session.QueryTextAsync(
            Sql($"SELECT {Columns}, {Snapshot.Expression} FROM {Table} x WHERE {KeyIn("@keys")} ORDER BY x.{Key} {LockClause(wait)}"),
            reader => new LockedRecord(ReadRecord(reader), false, reader.GetString(3 + Map.Columns.Count)),
            cancellationToken,
            ("@keys", JsonParameter.List(keys)));

    public override Task RemoveAsync(SqlSession session, IReadOnlyList<(JournalEntry Entry, LockedRecord Locked)> items, CancellationToken cancellationToken)
    {
        session.TellText(
            Sql($"DELETE FROM {Table} AS x WHERE {KeyIn("@keys")}"),
            changed => RequireAll("Deleted", changed, items.Count),
            ("@keys", JsonParameter.List(items.Select(static i => i.Entry.Key))));
        return Task.CompletedTask;
    }

    // Nothing is left of a record that was deleted.
    public override SqlRows<string> AskRemoved(SqlSession session, IReadOnlyList<JournalEntry> entries, bool wait) => SqlRows<string>.None();

    public override Task<List<string>> HeldAsync(SqlSession session, IReadOnlyList<JournalEntry> entries, SqlRows<string> locked, CancellationToken cancellationToken) =>
        Task.FromResult<List<string>>([]);

    public override Task CompleteAsync(SqlSession session, IReadOnlyList<JournalEntry> entries, CancellationToken cancellationToken) => Task.CompletedTask;

    public override async Task<bool> RestoreAsync(SqlSession session, JournalEntry entry, string errorCode, CancellationToken cancellationToken) =>
        await Snapshot.InsertAsync(session, entry.Snapshot!, cancellationToken).ConfigureAwait(Systematic.KeepContext) == 1;
}

/// <summary>How one dialect writes a row down and reads it back.</summary>
internal interface ISnapshotSql
{
    /// <summary>The snapshot of a row called x, as text.</summary>
    string Expression { get; }

    Task<int> InsertAsync(SqlSession session, string snapshot, CancellationToken cancellationToken);
}
