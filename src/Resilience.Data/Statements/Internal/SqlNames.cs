namespace Resilience.Data;

/// <summary>Names and patterns, made safe to stand in a statement.</summary>
internal static class SqlNames
{
    /// <summary>Quotes a name as standard SQL does; what both databases accept. Whoever calls it has checked the name or doubles as its only user.</summary>
    public static Sql Quote(string name) => new([SqlSegment.Literal($"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"")]);

    /// <summary>Quotes <c>table</c> or <c>schema.table</c>.</summary>
    public static Sql QuoteTable(string name)
    {
        var dot = name.IndexOf('.', StringComparison.Ordinal);
        return dot < 0 ? Quote(name) : Quote(name[..dot]).Append(Sql.Of($".")).Append(Quote(name[(dot + 1)..]));
    }

    /// <summary>Throws unless the name is a plain identifier: a letter or underscore, then letters, digits and underscores, at most 63.</summary>
    public static string Check(string name, string parameter, bool table = false)
    {
        ArgumentException.ThrowIfNullOrEmpty(name, parameter);
        var parts = name.Split('.');
        if (parts.Length <= (table ? 2 : 1) && Array.TrueForAll(parts, IsPlain))
        {
            return name;
        }

        throw new ArgumentException(
            $"'{name}' is no plain name of a {(table ? "table" : "column")}; use ASCII letters, digits and underscores, at most 63.", parameter);
    }

    public static string EscapeLike(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Replace("!", "!!", StringComparison.Ordinal).Replace("%", "!%", StringComparison.Ordinal).Replace("_", "!_", StringComparison.Ordinal);
    }

    private static bool IsPlain(string name) =>
        name.Length is > 0 and <= 63 && !char.IsAsciiDigit(name[0]) && name.All(static c => char.IsAsciiLetterOrDigit(c) || c == '_');
}
