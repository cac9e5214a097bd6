namespace Resilience.Data.Testing;

/// <summary>A command may hold several statements, such as the lock phase of a guarded transaction; the database explains one at a time.</summary>
internal static class SqlStatements
{
    /// <summary>What has a plan. Settings and transaction control between such statements have none.</summary>
    private static readonly string[] Planned = ["SELECT", "WITH", "VALUES", "TABLE", "INSERT", "REPLACE", "UPDATE", "DELETE", "MERGE"];

    /// <summary>
    /// The statements that have a plan. A single statement is given whatever it is: a plan that the database refuses to make is told to the caller. Nothing of a
    /// text may be left behind a first statement, because EXPLAIN covers only that one and what follows would run.
    /// </summary>
    public static IReadOnlyList<string> In(string text)
    {
        var statements = Split(text);
        return statements.Count > 1 ? [.. statements.Where(HasPlan)] : statements;
    }

    /// <summary>The end of the literal, quoted name or comment that begins here, or -1.</summary>
    public static int LiteralEnd(string text, int i)
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

    private static List<string> Split(string text)
    {
        var statements = new List<string>();
        var begin = 0;
        for (var i = 0; i < text.Length;)
        {
            if (text[i] == ';')
            {
                Add(text[begin..i]);
                begin = i + 1;
            }

            i = Math.Max(LiteralEnd(text, i), i + 1);
        }

        Add(text[begin..]);
        return statements;

        void Add(string statement)
        {
            if (FirstWord(statement).Length > 0)
            {
                statements.Add(statement.Trim());
            }
        }
    }

    private static bool HasPlan(string statement) => Planned.Contains(FirstWord(statement).ToString(), StringComparer.OrdinalIgnoreCase);

    /// <summary>The first word behind blanks, comments and parentheses.</summary>
    private static ReadOnlySpan<char> FirstWord(string statement)
    {
        var i = 0;
        while (i < statement.Length && !char.IsLetter(statement[i]))
        {
            i = Math.Max(LiteralEnd(statement, i), i + 1);
        }

        return i < statement.Length ? statement.AsSpan(i, SqlLexer.WordEnd(statement, i) - i) : [];
    }
}
