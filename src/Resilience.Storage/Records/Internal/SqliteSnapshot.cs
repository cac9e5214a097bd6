using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Resilience.Storage.Internal;

/// <summary>
/// The row as a JSON array of <c>storage class:value</c>. Text and blobs go as hexadecimal digits, numbers with all their digits, so each value comes back bit for
/// bit and with its storage class.
/// </summary>
internal sealed class SqliteSnapshot : ISnapshotSql
{
    private readonly string _table;
    private readonly string[] _columns;

    private SqliteSnapshot(string table, string[] columns)
    {
        _table = table;
        _columns = columns;
        Expression = $"json_array({string.Join(", ", columns.Select(static c => Encode("x." + c)))})";
    }

    public string Expression { get; }

    public static async Task<ISnapshotSql> CreateAsync(SqlSession session, RecordTable map, string table, CancellationToken cancellationToken)
    {
        var columns = await session.QueryTextAsync(
            "SELECT name, hidden FROM pragma_table_xinfo(@table)",
            static reader => (Name: reader.GetString(0), Hidden: reader.GetInt64(1)),
            cancellationToken,
            ("@table", map.Table)).ConfigureAwait(Systematic.KeepContext);
        var problems = columns.Where(static c => c.Hidden is 2 or 3).Select(static c => $"the column {c.Name} is generated and cannot be inserted again").ToList();
        problems.AddRange(await session.QueryTextAsync(
            """
            SELECT 'a foreign key of ' || m.name || ' would delete or change rows there that do not come back'
            FROM sqlite_master m, pragma_foreign_key_list(m.name) f
            WHERE m.type = 'table' AND lower(f."table") = lower(@table) AND f.on_delete IN ('CASCADE', 'SET NULL', 'SET DEFAULT')
            UNION ALL
            SELECT 'the trigger ' || name || ' would run for the deletion and again when the row comes back'
            FROM sqlite_master WHERE type = 'trigger' AND lower(tbl_name) = lower(@table)
            """,
            static reader => reader.GetString(0),
            cancellationToken,
            ("@table", map.Table)).ConfigureAwait(Systematic.KeepContext));
        SnapshotRules.ThrowIfAny(map, problems);
        return new SqliteSnapshot(table, [.. columns.Select(static c => $"\"{c.Name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"")]);
    }

    public Task<int> InsertAsync(SqlSession session, string snapshot, CancellationToken cancellationToken)
    {
        using var document = JsonDocument.Parse(snapshot);
        var values = document.RootElement.EnumerateArray().Select(static v => v.GetString()!).ToArray();
        if (values.Length != _columns.Length)
        {
            // The table was altered meanwhile: an operator must decide.
            return Task.FromResult(0);
        }

        var sql = new StringBuilder();
        var parameters = new (string, object?)[values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"@p{i}");
            var (isText, value) = Decode(values[i]);
            parameters[i] = (name, value);
            sql.Append(i == 0 ? string.Empty : ", ").Append(isText ? $"CAST({name} AS TEXT)" : name);
        }

        return session.ExecuteTextAsync($"INSERT INTO {_table} ({string.Join(", ", _columns)}) VALUES ({sql})", cancellationToken, parameters);
    }

    private static string Encode(string column) =>
        $"typeof({column}) || ':' || CASE typeof({column}) WHEN 'null' THEN '' WHEN 'integer' THEN CAST({column} AS TEXT) "
        + $"WHEN 'real' THEN printf('%!.17g', {column}) ELSE hex(CAST({column} AS BLOB)) END";

    private static (bool IsText, object? Value) Decode(string encoded)
    {
        var end = encoded.IndexOf(':', StringComparison.Ordinal);
        var value = encoded[(end + 1)..];
        return encoded[..end] switch
        {
            "null" => (false, null),
            "integer" => (false, long.Parse(value, CultureInfo.InvariantCulture)),
            "real" => (false, value switch
            {
                "Inf" => double.PositiveInfinity,
                "-Inf" => double.NegativeInfinity,
                _ => double.Parse(value, CultureInfo.InvariantCulture),
            }),
            "text" => (true, Convert.FromHexString(value)),
            _ => (false, Convert.FromHexString(value)),
        };
    }
}
