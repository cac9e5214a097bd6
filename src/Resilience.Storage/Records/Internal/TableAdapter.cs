using System.Data.Common;
using System.Globalization;
using System.Text;

namespace Resilience.Storage.Internal;

/// <summary>What the two ways to use one table have in common: names, keys, and the questions about paths.</summary>
internal abstract class TableAdapter : IRecordAdapter
{
    protected TableAdapter(RecordTable map, SqlDialect dialect)
    {
        Map = map;
        Dialect = dialect;
        Table = string.Join('.', map.Table.Split('.').Select(Quote));
        Key = Quote(map.KeyColumn);
        PathName = Quote(map.PathColumn);
        KeySql = (map.KeyType, dialect) switch
        {
            (RecordKeyType.Int64, _) => "bigint",
            (RecordKeyType.Guid, SqlDialect.PostgreSql) => "uuid",
            _ => "text",
        };
        var columns = new StringBuilder($"{AsText("x." + Key)}, x.{PathName}, {(map.OwnerColumn is null ? "NULL" : AsText("x." + Quote(map.OwnerColumn)))}");
        foreach (var column in map.Columns)
        {
            columns.Append(CultureInfo.InvariantCulture, $", {AsText("x." + Quote(column))}");
        }

        Columns = columns.ToString();
    }

    protected RecordTable Map { get; }

    protected SqlDialect Dialect { get; }

    protected string Table { get; }

    protected string Key { get; }

    protected string PathName { get; }

    protected string KeySql { get; }

    /// <summary>Key, path, owner and the further columns of a row called x.</summary>
    protected string Columns { get; }

    public bool CanTakeBack => true;

    public string? Canonical(string key)
    {
        switch (Map.KeyType)
        {
            case RecordKeyType.Int64:
                return long.TryParse(key, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
                    ? number.ToString(CultureInfo.InvariantCulture)
                    : null;
            case RecordKeyType.Guid when Dialect == SqlDialect.PostgreSql:
                return Guid.TryParse(key, out var id) ? id.ToString("D") : null;
            default:
                return RecordKeys.IsPossible(key) ? key : null;
        }
    }

    public abstract Task<IReadOnlyList<string>> ValidateAsync(SqlSession session, CancellationToken cancellationToken);

    public abstract Task<FileRecord?> FindAsync(SqlSession session, string key, CancellationToken cancellationToken);

    public abstract Task<List<LockedRecord>> LockAsync(SqlSession session, IReadOnlyList<string> keys, bool wait, CancellationToken cancellationToken);

    public abstract Task RemoveAsync(SqlSession session, IReadOnlyList<(JournalEntry Entry, LockedRecord Locked)> items, CancellationToken cancellationToken);

    public abstract SqlRows<string> AskRemoved(SqlSession session, IReadOnlyList<JournalEntry> entries, bool wait);

    public abstract Task<List<string>> HeldAsync(SqlSession session, IReadOnlyList<JournalEntry> entries, SqlRows<string> locked, CancellationToken cancellationToken);

    public abstract Task CompleteAsync(SqlSession session, IReadOnlyList<JournalEntry> entries, CancellationToken cancellationToken);

    public abstract Task<bool> RestoreAsync(SqlSession session, JournalEntry entry, string errorCode, CancellationToken cancellationToken);

    public Task<List<string>> VisibleAsync(SqlSession session, IReadOnlyList<string> keys, CancellationToken cancellationToken) => session.QueryTextAsync(
        Sql($"SELECT {AsText("x." + Key)} FROM {Table} x WHERE {KeyIn("@keys")}"),
        static reader => reader.GetString(0),
        cancellationToken,
        ("@keys", JsonParameter.List(keys)));

    public SqlRows<string> AskShared(SqlSession session, IReadOnlyList<string> paths) => session.AskText(
        Sql($"SELECT x.{PathName} FROM {Table} x WHERE {{in:x.{PathName}:@paths}} GROUP BY x.{PathName} HAVING COUNT(*) > 1"),
        static reader => reader.GetString(0),
        ("@paths", JsonParameter.List(paths)));

    public async Task<IReadOnlyCollection<string>> KnownPathsAsync(SqlSession session, IReadOnlyCollection<string> paths, CancellationToken cancellationToken) =>
        await session.QueryTextAsync(
            Sql($"SELECT x.{PathName} FROM {Table} x WHERE {{in:x.{PathName}:@paths}}"),
            static reader => reader.GetString(0),
            cancellationToken,
            ("@paths", JsonParameter.List(paths))).ConfigureAwait(Systematic.KeepContext);

    // No index helps here unless the application has one on lower(path); only what was not found by its exact name is asked for.
    public async Task<IReadOnlyCollection<string>> KnownLowerPathsAsync(SqlSession session, IReadOnlyCollection<string> paths, CancellationToken cancellationToken) =>
        await session.QueryTextAsync(
            Sql($"SELECT {{lower:x.{PathName}}} FROM {Table} x WHERE {{inlower:x.{PathName}:@paths}}"),
            static reader => reader.GetString(0),
            cancellationToken,
            ("@paths", JsonParameter.List(paths))).ConfigureAwait(Systematic.KeepContext);

    protected static string Quote(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    protected static string AsText(string expression) => $"CAST({expression} AS text)";

    protected static string? Text(DbDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);

    protected string Sql(string text) => SqlText.Expand(text, Dialect);

    protected string KeyIn(string parameter) => $"{{in:x.{Key}:{parameter}:{KeySql}}}";

    protected static string LockClause(bool wait) => wait ? "{lock}" : "{skip}";

    protected void RequireAll(string verb, int changed, int expected)
    {
        if (changed != expected)
        {
            throw new InvalidOperationException($"{verb} {changed} records of {expected} in {Map.Table}: is {Map.KeyColumn} unique, and does a trigger interfere?");
        }
    }

    /// <summary>The record at the first columns of a row; the caller knows what follows.</summary>
    protected FileRecord ReadRecord(DbDataReader reader)
    {
        Dictionary<string, string?>? columns = null;
        for (var i = 0; i < Map.Columns.Count; i++)
        {
            columns ??= new(StringComparer.Ordinal);
            columns[Map.Columns[i]] = Text(reader, 3 + i);
        }

        return new FileRecord(reader.GetString(0), Text(reader, 1) ?? string.Empty, Text(reader, 2), columns);
    }
}
