using System.Data.Common;
using System.Globalization;
using System.Text;

namespace Resilience.Data.Testing;

/// <summary>A captured command as PostgreSQL's PREPARE takes it: parameters by number, with their types.</summary>
internal sealed record PreparedText(string Text, string Types, string Nulls)
{
    public static PreparedText Of(CapturedQuery query, DbCommand scratch)
    {
        query.AddParametersTo(scratch);
        DbParameter[] parameters = [.. scratch.Parameters.Cast<DbParameter>()];
        string[] names = [.. parameters.Select(static p => p.ParameterName.TrimStart('@', ':'))];
        return new PreparedText(
            Numbered(query.Text, names),
            parameters.Length == 0 ? "" : $"({string.Join(", ", parameters.Select(static p => TypeOf(p.Value)))})",
            parameters.Length == 0 ? "" : $"({string.Join(", ", parameters.Select(static _ => "NULL"))})");
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

    private static string Numbered(string text, string[] names)
    {
        var result = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length;)
        {
            var end = LiteralEnd(text, i);
            if (end < 0 && text[i] is '@' or ':' && (i == 0 || text[i - 1] != ':') && i + 1 < text.Length && (char.IsLetter(text[i + 1]) || text[i + 1] == '_'))
            {
                end = SqlLexer.WordEnd(text, i + 1);
                var number = Array.FindIndex(names, n => string.Equals(n, text[(i + 1)..end], StringComparison.OrdinalIgnoreCase));
                if (number >= 0)
                {
                    result.Append(CultureInfo.InvariantCulture, $"${number + 1}");
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

    /// <summary>The end of the literal, quoted name or comment that begins here, or -1.</summary>
    private static int LiteralEnd(string text, int i)
    {
        var next = i + 1 < text.Length ? text[i + 1] : '\0';
        return (text[i], next) switch
        {
            ('-', '-') => SqlLexer.LineEnd(text, i),
            ('/', '*') => SqlLexer.CommentEnd(text, i),
            ('\'', _) => SqlLexer.StringEnd(text, i, backslash: i > 0 && text[i - 1] is 'E' or 'e'),
            ('"', _) => SqlLexer.StringEnd(text, i, backslash: false, quote: '"'),
            ('$', _) => SqlLexer.DollarQuoteEnd(text, i),
            _ => -1,
        };
    }
}
