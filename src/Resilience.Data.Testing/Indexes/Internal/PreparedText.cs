using System.Data.Common;
using System.Globalization;
using System.Text;

namespace Resilience.Data.Testing;

/// <summary>A captured command as PostgreSQL's PREPARE takes it: parameters by number, with their types.</summary>
internal sealed record PreparedText(string Text, string Types, string Nulls)
{
    /// <summary>Takes the parameters that the statement names; a type of one that it does not name could not be inferred.</summary>
    public static PreparedText Of(string statement, CapturedQuery query, DbCommand scratch)
    {
        query.AddParametersTo(scratch);
        var named = new List<DbParameter>();
        var text = Numbered(statement, [.. scratch.Parameters.Cast<DbParameter>()], named);
        return new PreparedText(
            text,
            named.Count == 0 ? "" : $"({string.Join(", ", named.Select(static p => TypeOf(p.Value)))})",
            named.Count == 0 ? "" : $"({string.Join(", ", named.Select(static _ => "NULL"))})");
    }

    /// <summary>What is not known is inferred by the server, from where the parameter stands.</summary>
    private static string TypeOf(object? value) => value switch
    {
        null or DBNull or string => "unknown",
        byte[] => "bytea",
        Array { Rank: 1 } array => ArrayOf(array.GetType().GetElementType()!),
        _ => Named(value.GetType()) ?? "unknown",
    };

    private static string ArrayOf(Type element) => element == typeof(string) ? "text[]" : Named(element) is { } name ? name + "[]" : "unknown";

    private static string? Named(Type type) =>
        type == typeof(int) ? "integer" : type == typeof(long) ? "bigint" : type == typeof(short) ? "smallint" : type == typeof(bool) ? "boolean"
        : type == typeof(Guid) ? "uuid" : type == typeof(decimal) ? "numeric" : type == typeof(double) ? "double precision" : type == typeof(float) ? "real"
        : null;

    private static string Numbered(string text, DbParameter[] parameters, List<DbParameter> named)
    {
        var result = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length;)
        {
            var end = SqlStatements.LiteralEnd(text, i);
            if (end < 0 && text[i] is '@' or ':' && (i == 0 || text[i - 1] != ':') && i + 1 < text.Length && (char.IsLetter(text[i + 1]) || text[i + 1] == '_'))
            {
                end = SqlLexer.WordEnd(text, i + 1);
                var name = text[(i + 1)..end];
                if (Array.Find(parameters, p => string.Equals(p.ParameterName.TrimStart('@', ':'), name, StringComparison.OrdinalIgnoreCase)) is { } parameter)
                {
                    result.Append(CultureInfo.InvariantCulture, $"${NumberOf(parameter, named)}");
                    i = end;
                    continue;
                }
            }

            end = Math.Max(end, i + 1);
            result.Append(text, i, end - i);
            i = end;
        }

        return result.ToString();
    }

    private static int NumberOf(DbParameter parameter, List<DbParameter> named)
    {
        if (!named.Contains(parameter))
        {
            named.Add(parameter);
        }

        return named.IndexOf(parameter) + 1;
    }
}
