namespace Resilience.Data;

/// <summary>Finds the end of a token. Every method gives the index behind it, at most the text's length.</summary>
internal static class SqlLexer
{
    public static int LineEnd(string text, int start)
    {
        var end = text.IndexOf('\n', start);
        return end < 0 ? text.Length : end + 1;
    }

    /// <summary>Comments nest, as PostgreSQL has them.</summary>
    public static int CommentEnd(string text, int start)
    {
        var depth = 0;
        for (var i = start; i + 1 < text.Length; i++)
        {
            if (text[i] == '/' && text[i + 1] == '*')
            {
                depth++;
                i++;
            }
            else if (text[i] == '*' && text[i + 1] == '/')
            {
                depth--;
                i++;
                if (depth == 0)
                {
                    return i + 1;
                }
            }
        }

        return text.Length;
    }

    public static int StringEnd(string text, int start, bool backslash, char quote = '\'')
    {
        for (var i = start + 1; i < text.Length; i++)
        {
            if (backslash && text[i] == '\\')
            {
                i++;
            }
            else if (text[i] == quote)
            {
                if (i + 1 < text.Length && text[i + 1] == quote)
                {
                    i++;
                }
                else
                {
                    return i + 1;
                }
            }
        }

        return text.Length;
    }

    /// <summary>The end of <c>$tag$ ... $tag$</c>, or -1 when no such literal begins here.</summary>
    public static int DollarQuoteEnd(string text, int start)
    {
        var open = start + 1;
        while (open < text.Length && (char.IsLetterOrDigit(text[open]) || text[open] == '_'))
        {
            open++;
        }

        if (open >= text.Length || text[open] != '$' || (open > start + 1 && char.IsAsciiDigit(text[start + 1])))
        {
            return -1;
        }

        var tag = text[start..(open + 1)];
        var close = text.IndexOf(tag, open + 1, StringComparison.Ordinal);
        return close < 0 ? text.Length : close + tag.Length;
    }

    public static int WordEnd(string text, int start)
    {
        var i = start;
        while (i < text.Length && (char.IsLetterOrDigit(text[i]) || text[i] == '_'))
        {
            i++;
        }

        return i;
    }

    public static int NumberEnd(string text, int start)
    {
        var i = start;
        while (i < text.Length && (char.IsLetterOrDigit(text[i]) || text[i] is '_' or '.' || (text[i] is '+' or '-' && text[i - 1] is 'e' or 'E')))
        {
            i++;
        }

        return i;
    }
}
