namespace Resilience.Storage.Internal;

/// <summary>
/// Records in one table with a pending-delete column. Removal and return are updates, which no constraint can refuse; the row goes when the file is gone. That last
/// step is a DELETE: a foreign key can refuse it, which is said at start and, when it happens, by a journal row that is stuck.
/// The column holds the deletion's id, so each of the three steps touches a row only in the state that it expects.
/// </summary>
internal sealed class PendingColumnTable : TableAdapter
{
    private readonly string _pending;
    private readonly string? _failed;

    public PendingColumnTable(RecordTable map, SqlDialect dialect)
        : base(map, dialect)
    {
        _pending = Quote(map.PendingColumn!);
        _failed = map.FailedColumn is null ? null : Quote(map.FailedColumn);
    }

    private string Removed => $"SELECT x.{_pending} FROM {Table} x WHERE {KeyIn("@keys")} AND {{in:x.{_pending}:@ids}}";

    public override async Task<IReadOnlyList<string>> ValidateAsync(SqlSession session, CancellationToken cancellationToken)
    {
        var failed = _failed is null ? string.Empty : $", x.{_failed}";
        await session.ScalarTextAsync($"SELECT {Columns}, x.{_pending}{failed} FROM {Table} x WHERE 1 = 0", cancellationToken).ConfigureAwait(Systematic.KeepContext);
        return await session.QueryTextAsync(
            Dialect == SqlDialect.Sqlite
                ? """
                  SELECT 'a foreign key of ' || m.name || ' without ON DELETE CASCADE or SET NULL'
                  FROM sqlite_master m, pragma_foreign_key_list(m.name) f, pragma_foreign_keys k
                  WHERE m.type = 'table' AND lower(f."table") = lower(@table) AND f.on_delete IN ('NO ACTION', 'RESTRICT') AND k.foreign_keys = 1
                  """
                : """
                  SELECT 'the foreign key ' || conname || ' of ' || CAST(CAST(conrelid AS regclass) AS text) || ' without ON DELETE CASCADE or SET NULL'
                  FROM pg_constraint WHERE contype = 'f' AND confrelid = to_regclass(@table) AND confdeltype IN ('a', 'r')
                  """,
            static reader => reader.GetString(0),
            cancellationToken,
            ("@table", Dialect == SqlDialect.Sqlite ? Map.Table : Table)).ConfigureAwait(Systematic.KeepContext);
    }

    public override async Task<FileRecord?> FindAsync(SqlSession session, string key, CancellationToken cancellationToken)
    {
        var rows = await session.QueryTextAsync(
            Sql($"SELECT {Columns} FROM {Table} x WHERE {KeyIn("@keys")}"),
            ReadRecord,
            cancellationToken,
            ("@keys", JsonParameter.List([key]))).ConfigureAwait(Systematic.KeepContext);
        return rows.Count == 1 ? rows[0] : null;
    }

    public override Task<List<LockedRecord>> LockAsync(SqlSession session, IReadOnlyList<string> keys, bool wait, CancellationToken cancellationToken) =>
        session.QueryTextAsync(
            Sql($"SELECT {Columns}, x.{_pending} FROM {Table} x WHERE {KeyIn("@keys")} ORDER BY x.{Key} {LockClause(wait)}"),
            reader => new LockedRecord(ReadRecord(reader), !reader.IsDBNull(3 + Map.Columns.Count), null),
            cancellationToken,
            ("@keys", JsonParameter.List(keys)));

    public override Task RemoveAsync(SqlSession session, IReadOnlyList<(JournalEntry Entry, LockedRecord Locked)> items, CancellationToken cancellationToken)
    {
        var failed = _failed is null ? string.Empty : $", {_failed} = NULL";
        session.TellText(
            Sql($"""
                UPDATE {Table} AS x SET {_pending} = d.id{failed}
                FROM (SELECT {"{text:0}"} AS id, CAST({"{text:1}"} AS {KeySql}) AS record_key FROM {"{rows:@rows}"}) AS d
                WHERE x.{Key} = d.record_key AND x.{_pending} IS NULL
                """),
            changed => RequireAll("Marked", changed, items.Count),
            ("@rows", JsonParameter.Rows(items, static (writer, item) =>
            {
                writer.WriteStringValue(item.Entry.Id);
                writer.WriteStringValue(item.Entry.Key);
            })));
        return Task.CompletedTask;
    }

    public override SqlRows<string> AskRemoved(SqlSession session, IReadOnlyList<JournalEntry> entries, bool wait) => Dialect == SqlDialect.Sqlite
        ? SqlRows<string>.None()
        : session.AskText(Sql($"{Removed} ORDER BY x.{Key} {LockClause(wait)}"), static r => r.GetString(0), Keys(entries), Ids(entries));

    public override async Task<List<string>> HeldAsync(
        SqlSession session, IReadOnlyList<JournalEntry> entries, SqlRows<string> locked, CancellationToken cancellationToken)
    {
        if (Dialect == SqlDialect.Sqlite || locked.Rows.Count == entries.Count)
        {
            return [];
        }

        var present = await session.QueryTextAsync(Sql(Removed), static r => r.GetString(0), cancellationToken, Keys(entries), Ids(entries))
            .ConfigureAwait(Systematic.KeepContext);
        return [.. present.Except(locked.Rows, StringComparer.Ordinal)];
    }

    public override Task CompleteAsync(SqlSession session, IReadOnlyList<JournalEntry> entries, CancellationToken cancellationToken)
    {
        session.TellText(Sql($"DELETE FROM {Table} AS x WHERE {KeyIn("@keys")} AND {{in:x.{_pending}:@ids}}"), null, Keys(entries), Ids(entries));
        return Task.CompletedTask;
    }

    public override async Task<bool> RestoreAsync(SqlSession session, JournalEntry entry, string errorCode, CancellationToken cancellationToken)
    {
        var failed = _failed is null ? string.Empty : $", {_failed} = @error";
        var changed = await session.ExecuteTextAsync(
            Sql($"UPDATE {Table} AS x SET {_pending} = NULL{failed} WHERE {KeyIn("@keys")} AND x.{_pending} = @id"),
            cancellationToken,
            ("@keys", JsonParameter.List([entry.Key])),
            ("@id", entry.Id),
            ("@error", errorCode)).ConfigureAwait(Systematic.KeepContext);
        return changed == 1;
    }

    private static (string Name, object? Value) Keys(IReadOnlyList<JournalEntry> entries) => ("@keys", JsonParameter.List(entries.Select(static e => e.Key)));

    private static (string Name, object? Value) Ids(IReadOnlyList<JournalEntry> entries) => ("@ids", JsonParameter.List(entries.Select(static e => e.Id)));
}
