using System.Text.RegularExpressions;

namespace Resilience.Data.Testing;

/// <summary>Reads a line of SQLite's plan. The text is for people; only its keywords are looked at.</summary>
internal static partial class SqlitePlan
{
    public static PlanStep? Step(string line)
    {
        if (line.Contains("VIRTUAL TABLE", StringComparison.Ordinal) || line.Contains("CONSTANT ROW", StringComparison.Ordinal))
        {
            return null;
        }

        var match = Access().Match(line);
        if (!match.Success)
        {
            return null;
        }

        // An automatic index is built for one run of the statement: there is none to use.
        var seeks = match.Groups["how"].Value == "SEARCH" && !line.Contains("AUTOMATIC", StringComparison.Ordinal);
        var index = match.Groups["index"];
        return new PlanStep(match.Groups["table"].Value, index.Success ? index.Value : null, seeks);
    }

    [GeneratedRegex(@"^(?<how>SCAN|SEARCH) (?:TABLE )?(?!SUBQUERY|\(subquery)(?<table>\S+)(?: AS \S+)?(?:.*? USING (?:AUTOMATIC )?(?:PARTIAL )?(?:COVERING )?INDEX (?<index>\S+))?", RegexOptions.CultureInvariant)]
    private static partial Regex Access();
}
