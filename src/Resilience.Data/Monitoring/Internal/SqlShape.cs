using System.Text;

namespace Resilience.Data;

/// <summary>
/// Reduces a statement to its shape in one pass: no comments, single spaces, lower case, every literal and parameter a question mark, lists of them collapsed.
/// What differs only in values has one shape, and no value is left in it.
/// </summary>
internal static class SqlShape
{
    private const int MaxLength = 2_000;

    public static string Of(string text)
    {
        var shape = new StringBuilder(Math.Min(text.Length, MaxLength));
        for (var i = 0; i < text.Length && shape.Length < MaxLength;)
        {
            i = Step(text, i, shape);
        }

        return Trimmed(shape);
    }

    private static int Step(string text, int i, StringBuilder shape)
    {
        var c = text[i];
        var next = i + 1 < text.Length ? text[i + 1] : '\0';
        if (char.IsWhiteSpace(c))
        {
            Space(shape);
            return i + 1;
        }

        if (c == '-' && next == '-')
        {
            Space(shape);
            return SqlLexer.LineEnd(text, i);
        }

        if (c == '/' && next == '*')
        {
            Space(shape);
            return SqlLexer.CommentEnd(text, i);
        }

        if (c == '\'')
        {
            return Value(shape, SqlLexer.StringEnd(text, i, backslash: EndsWithEscapePrefix(text, i)));
        }

        if (c == '"')
        {
            var end = SqlLexer.StringEnd(text, i, backslash: false, quote: '"');
            shape.Append(text, i, end - i);
            return end;
        }

        if (c == '$' && SqlLexer.DollarQuoteEnd(text, i) is var dollar and > 0)
        {
            return Value(shape, dollar);
        }

        if ((c is '@' or '$' or ':' && IsWord(next)) || c == '?')
        {
            if (c == ':' && i > 0 && text[i - 1] == ':')
            {
                shape.Append(c);
                return i + 1;
            }

            return Value(shape, SqlLexer.WordEnd(text, i + 1));
        }

        if (IsWord(c))
        {
            var end = SqlLexer.WordEnd(text, i);
            if (char.IsAsciiDigit(c))
            {
                return Value(shape, SqlLexer.NumberEnd(text, i));
            }

            // The prefix of an escape string or of a binary literal belongs to the value.
            if (end < text.Length && text[end] == '\'' && end - i == 1)
            {
                return end;
            }

            for (; i < end; i++)
            {
                shape.Append(char.ToLowerInvariant(text[i]));
            }

            return end;
        }

        shape.Append(c);
        return i + 1;
    }

    private static bool IsWord(char c) => char.IsLetterOrDigit(c) || c == '_';

    private static bool EndsWithEscapePrefix(string text, int quote) =>
        quote > 0 && text[quote - 1] is 'E' or 'e' && (quote == 1 || !IsWord(text[quote - 2]));

    private static void Space(StringBuilder shape)
    {
        if (shape.Length > 0 && shape[^1] != ' ')
        {
            shape.Append(' ');
        }
    }

    /// <summary>Writes a value; a list of values is written once, and a list of such lists too.</summary>
    private static int Value(StringBuilder shape, int end)
    {
        if (!EndsWith(shape, "?, ") && !EndsWith(shape, "?,") && !EndsWith(shape, "? , "))
        {
            shape.Append('?');
            return end;
        }

        while (shape[^1] != '?')
        {
            shape.Length--;
        }

        return end;
    }

    private static bool EndsWith(StringBuilder shape, string suffix)
    {
        if (shape.Length < suffix.Length)
        {
            return false;
        }

        for (var i = 0; i < suffix.Length; i++)
        {
            if (shape[shape.Length - suffix.Length + i] != suffix[i])
            {
                return false;
            }
        }

        return true;
    }

    private static string Trimmed(StringBuilder shape)
    {
        // Rows of a multi-row insert: "(?), (?), (?)" is one row.
        var text = shape.ToString().TrimEnd(' ', ';');
        string before;
        do
        {
            before = text;
            text = text.Replace("(?), (?)", "(?)", StringComparison.Ordinal).Replace("(?),(?)", "(?)", StringComparison.Ordinal);
        }
        while (before.Length != text.Length);
        return text;
    }
}
