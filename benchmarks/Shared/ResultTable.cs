using System.Globalization;
using System.Text;

namespace Resilience.Benchmarks;

/// <summary>One line of a result file.</summary>
/// <param name="Case">What was measured, parameters included. Names of our own cases start with "Resilience".</param>
/// <param name="Value">The measured cost; lower is better.</param>
/// <param name="Unit">Unit of <paramref name="Value"/>, for example <c>ns/op</c> or <c>us CPU/event</c>.</param>
/// <param name="Ratio">Cost divided by the baseline's cost in the same run; <see langword="null"/> where there is no baseline.</param>
/// <param name="Bytes">Allocated bytes per operation; <see langword="null"/> where they were not measured.</param>
public sealed record ResultRow(string Case, double Value, string Unit, double? Ratio = null, double? Bytes = null)
{
    public bool IsOurs => Case.StartsWith("Resilience", StringComparison.Ordinal);
}

/// <summary>The one format of <c>benchmarks/results/</c>: a header that says where a figure comes from, then one table.</summary>
public static class ResultTable
{
    public static string Render(string name, string question, IReadOnlyList<string> notes, IEnumerable<ResultRow> rows)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"# {name}").AppendLine();
        text.AppendLine(question).AppendLine();
        foreach (var line in RunHeader.Lines(name))
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"- {line}");
        }

        text.AppendLine().AppendLine("| Case | Value | Unit | Ratio | Allocated |").AppendLine("|---|---:|---|---:|---:|");
        foreach (var row in rows)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"| {row.Case} | {Number(row.Value)} | {row.Unit} | {Number(row.Ratio)} | {(row.Bytes is { } bytes ? Number(bytes) + " B" : "—")} |");
        }

        foreach (var note in notes)
        {
            text.AppendLine().AppendLine(note);
        }

        return text.ToString();
    }

    /// <summary>Reads the rows back; what is not a row of the table is passed over.</summary>
    public static IReadOnlyList<ResultRow> Parse(string text)
    {
        var rows = new List<ResultRow>();
        foreach (var line in text.Split('\n'))
        {
            var cells = line.Trim().Trim('|').Split('|', StringSplitOptions.TrimEntries);
            if (cells.Length == 5 && TryNumber(cells[1], out var value))
            {
                rows.Add(new ResultRow(cells[0], value, cells[2], TryNumber(cells[3], out var ratio) ? ratio : null, TryNumber(cells[4].TrimEnd('B', ' '), out var bytes) ? bytes : null));
            }
        }

        return rows;
    }

    private static string Number(double? value) => value switch
    {
        null => "—",
        0 => "0",
        < 0.1 => value.Value.ToString("0.0000", CultureInfo.InvariantCulture),
        < 10 => value.Value.ToString("0.00", CultureInfo.InvariantCulture),
        < 1000 => value.Value.ToString("0.0", CultureInfo.InvariantCulture),
        _ => value.Value.ToString("#,0", CultureInfo.InvariantCulture),
    };

    private static bool TryNumber(string text, out double value) => double.TryParse(text, NumberStyles.Number, CultureInfo.InvariantCulture, out value);
}
