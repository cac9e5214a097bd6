using System.Text.RegularExpressions;

namespace Resilience.House.Tests.Docs;

/// <summary>Reads the tables of a docs page.</summary>
internal static partial class Tables
{
    /// <summary>The rows below a heading, up to the next heading of the same or a higher level; header and rule rows are left out.</summary>
    public static IReadOnlyList<string[]> Below(string page, string heading)
    {
        var rows = new List<string[]>();
        var level = heading.TakeWhile(static c => c == '#').Count();
        var inside = false;
        foreach (var line in page.Split('\n').Select(static line => line.Trim()))
        {
            if (line == heading)
            {
                inside = true;
            }
            else if (inside && line.StartsWith('#') && line.TakeWhile(static c => c == '#').Count() <= level)
            {
                inside = false;
            }
            else if (inside && line.StartsWith('|') && !line.StartsWith("|---", StringComparison.Ordinal) && !line.StartsWith("| ---", StringComparison.Ordinal))
            {
                rows.Add([.. line.Replace("\\|", "\u0001", StringComparison.Ordinal).Trim('|').Split('|').Select(static cell => cell.Replace('\u0001', '|').Trim())]);
            }
        }

        return rows;
    }

    /// <summary>The rows of the first table below a heading, its header row included.</summary>
    public static IReadOnlyList<string[]> FirstBelow(string page, string heading)
    {
        var rest = page[(page.IndexOf(heading, StringComparison.Ordinal) is var start && start < 0 ? page.Length : start)..].Split('\n');
        var table = rest.Skip(1).TakeWhile(static line => !line.StartsWith('#')).SkipWhile(static line => !line.StartsWith('|')).TakeWhile(static line => line.StartsWith('|'));
        return Below(string.Join('\n', table.Prepend(heading)), heading);
    }

    /// <summary>What stands in backticks in a cell.</summary>
    public static IEnumerable<string> Code(string cell) => Backticks().Matches(cell).Select(static match => match.Groups[1].Value);

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Backticks();
}
