using System.Collections.Frozen;
using System.Text;
using System.Text.RegularExpressions;

namespace Resilience.Storage.Internal;

/// <summary>
/// The statements of one dialect, by name, from the embedded files. Lists and rows travel as one JSON parameter, so that a statement has the same text and
/// the same number of parameters whatever the size of a batch; the macros name what differs between the dialects.
/// Immutable; safe for concurrent use.
/// </summary>
internal sealed partial class SqlText
{
    private readonly FrozenDictionary<string, string> _statements;

    private SqlText(SqlDialect dialect)
    {
        Dialect = dialect;
        var statements = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var file in (ReadOnlySpan<string>)["journal.sql", "audit.sql", "roots.sql"])
        {
            foreach (var section in Resource(file).Split("-- name: ")[1..])
            {
                var end = section.IndexOf('\n', StringComparison.Ordinal);
                statements.Add(section[..end].Trim(), Expand(section[end..].Trim(), dialect));
            }
        }

        _statements = statements.ToFrozenDictionary(StringComparer.Ordinal);
    }

    public static SqlText Sqlite { get; } = new(SqlDialect.Sqlite);

    public static SqlText PostgreSql { get; } = new(SqlDialect.PostgreSql);

    public SqlDialect Dialect { get; }

    public string this[string name] => _statements[name];

    public static SqlText For(SqlDialect dialect) => dialect == SqlDialect.Sqlite ? Sqlite : PostgreSql;

    public static string Resource(string name)
    {
        using var stream = typeof(SqlText).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"The embedded file {name} is missing.");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }

    /// <summary>
    /// <c>{in:column:@list}</c> membership in a JSON array of strings; <c>{in:column:@list:type}</c> with a cast; <c>{inlower:column:@list}</c> the same for
    /// a column in lower case, <c>{lower:column}</c>; <c>{rows:@rows}</c> a JSON array of arrays as rows;
    /// <c>{text:n}</c>, <c>{int:n}</c> its n-th column; <c>{lock}</c> row locks, waiting; <c>{skip}</c> row locks, leaving out what others hold.
    /// </summary>
    public static string Expand(string text, SqlDialect dialect) => Macro().Replace(text, match =>
    {
        var parts = match.Groups[1].Value.Split(':');
        var sqlite = dialect == SqlDialect.Sqlite;
        return parts[0] switch
        {
            "in" when sqlite => $"{parts[1]} IN (SELECT {Cast("value", parts, "INTEGER")} FROM json_each({parts[2]}))",
            "in" => $"{parts[1]} = ANY(ARRAY(SELECT {Cast("v", parts, null)} FROM json_array_elements_text(CAST({parts[2]} AS json)) v))",
            "lower" => Lower(parts[1], sqlite),
            "inlower" when sqlite => $"{Lower(parts[1], sqlite)} IN (SELECT value FROM json_each({parts[2]}))",
            "inlower" => $"{Lower(parts[1], sqlite)} = ANY(ARRAY(SELECT v FROM json_array_elements_text(CAST({parts[2]} AS json)) v))",
            "rows" when sqlite => $"json_each({parts[1]}) r",
            "rows" => $"json_array_elements(CAST({parts[1]} AS json)) r",
            "text" when sqlite => $"json_extract(r.value, '$[{parts[1]}]')",
            "text" => $"(r.value->>{parts[1]})",
            "int" when sqlite => $"json_extract(r.value, '$[{parts[1]}]')",
            "int" => $"CAST(r.value->>{parts[1]} AS bigint)",
            "lock" => sqlite ? "" : "FOR UPDATE",
            "skip" => sqlite ? "" : "FOR UPDATE SKIP LOCKED",
            _ => throw new InvalidOperationException($"Unknown macro {match.Value}."),
        };
    });

    // ASCII rules, whatever language the database speaks.
    private static string Lower(string column, bool sqlite) => sqlite ? $"lower({column})" : $"lower({column} COLLATE \"C\")";

    private static string Cast(string expression, string[] parts, string? sqliteType)
    {
        if (parts.Length < 4)
        {
            return expression;
        }

        return parts[3] switch
        {
            "text" => expression,
            "bigint" => $"CAST({expression} AS {sqliteType ?? "bigint"})",
            _ => sqliteType is null ? $"CAST({expression} AS {parts[3]})" : expression,
        };
    }

    [GeneratedRegex(@"\{([a-z]+(?::[^{}:]+)*)\}")]
    private static partial Regex Macro();
}
