namespace Resilience.Storage.Internal;

/// <summary>The row as the server's own text of a composite value: exact for every type, as a dump is.</summary>
internal sealed class PostgreSqlSnapshot(string table) : ISnapshotSql
{
    public string Expression => "CAST(x AS text)";

    public static async Task<ISnapshotSql> CreateAsync(SqlSession session, RecordTable map, string table, CancellationToken cancellationToken)
    {
        var problems = await session.QueryTextAsync(
            """
            SELECT 'the foreign key ' || conname || ' of ' || CAST(CAST(conrelid AS regclass) AS text)
                || ' would delete or change rows there that do not come back'
            FROM pg_constraint WHERE contype = 'f' AND confrelid = to_regclass(@table) AND confdeltype IN ('c', 'n', 'd')
            UNION ALL
            SELECT 'the column ' || attname || ' is generated and cannot be inserted again'
            FROM pg_attribute WHERE attrelid = to_regclass(@table) AND attnum > 0 AND NOT attisdropped AND attgenerated <> ''
            UNION ALL
            SELECT 'the trigger ' || tgname || ' would run for the deletion and again when the row comes back'
            FROM pg_trigger WHERE tgrelid = to_regclass(@table) AND NOT tgisinternal AND (CAST(tgtype AS integer) & 12) <> 0
            """,
            static reader => reader.GetString(0),
            cancellationToken,
            ("@table", table)).ConfigureAwait(Systematic.KeepContext);
        SnapshotRules.ThrowIfAny(map, problems);
        return new PostgreSqlSnapshot(table);
    }

    public Task<int> InsertAsync(SqlSession session, string snapshot, CancellationToken cancellationToken) => session.ExecuteTextAsync(
        $"INSERT INTO {table} OVERRIDING SYSTEM VALUE SELECT (d.x).* FROM (SELECT CAST(@snapshot AS {table}) AS x) d",
        cancellationToken,
        ("@snapshot", snapshot));
}

/// <summary>What a table must not have for its rows to be deleted and inserted again.</summary>
internal static class SnapshotRules
{
    public static void ThrowIfAny(RecordTable map, IReadOnlyCollection<string> problems)
    {
        if (problems.Count > 0)
        {
            throw new InvalidOperationException(
                $"The table {map.Table} cannot be used without a pending-delete column, because {string.Join("; ", problems)}. "
                + "Add a nullable text column, leave out the rows where it is not null in your queries, and name it as RecordTable.PendingColumn.");
        }
    }
}
