using System.Globalization;

namespace Resilience.Data.Testing;

/// <summary>A text file with one line per statement: how often it ran, a tab, its shape. Sorted, so that a difference is one line.</summary>
internal static class Baseline
{
    public static void Check(ScopeReport report, string file, bool accept)
    {
        string[] now = [.. report.Statements.Select(static s => string.Create(CultureInfo.InvariantCulture, $"{s.Count}\t{s.Statement}")).Order(StringComparer.Ordinal)];
        if (accept)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(file))!);
            File.WriteAllLines(file, now);
            return;
        }

        var how = $"Look at the difference; if it is meant, run the test once with {QueryAssert.AcceptVariable}=1 and review the file.";
        if (!File.Exists(file))
        {
            throw new DataAssertException($"There is no baseline {file} for {report.Scope}. {how}");
        }

        var stored = File.ReadAllLines(file);
        var gone = stored.Except(now, StringComparer.Ordinal).Select(static line => $"{Environment.NewLine}- {line}");
        var added = now.Except(stored, StringComparer.Ordinal).Select(static line => $"{Environment.NewLine}+ {line}");
        var difference = string.Concat(gone.Concat(added));
        if (difference.Length > 0)
        {
            throw new DataAssertException($"{report.Scope} differs from its baseline {file}:{difference}{Environment.NewLine}{how}");
        }
    }
}
