using System.Globalization;

namespace Resilience.Benchmarks;

/// <summary>Where results go, and how a new run is set against the stored one.</summary>
public static class ResultFolder
{
    private static string Output => Environment.GetEnvironmentVariable("RESILIENCE_BENCH_OUTPUT") ?? Path.Combine("benchmarks", "results");

    private static string Stored => Path.Combine("benchmarks", "results");

    public static void Write(string name, string question, IReadOnlyList<string> notes, IReadOnlyList<ResultRow> rows)
    {
        Directory.CreateDirectory(Output);
        var path = Path.Combine(Output, name + ".md");
        File.WriteAllText(path, ResultTable.Render(name, question, notes, rows));
        Console.WriteLine($"Results: {path}");
    }

    /// <summary>Compares the ratios of our own cases in one result file with the stored file of the same name.</summary>
    /// <returns>The number of losses above the limit; a stored case that the run lacks counts as one.</returns>
    public static int Compare(string path) => Compare(path, Stored);

    internal static int Compare(string path, string storedFolder)
    {
        var name = Path.GetFileName(path);
        var stored = Path.Combine(storedFolder, name);
        if (!File.Exists(stored))
        {
            Console.WriteLine($"{name}: nothing stored to compare with");
            return 0;
        }

        var now = ResultTable.Parse(File.ReadAllText(path)).ToDictionary(static row => row.Case);
        var losses = 0;
        foreach (var before in ResultTable.Parse(File.ReadAllText(stored)).Where(static row => row is { IsOurs: true, Ratio: not null }))
        {
            var ratio = now.GetValueOrDefault(before.Case)?.Ratio;
            var lost = ratio is null || ratio > before.Ratio * (1 + AllowedLoss(before));
            losses += lost ? 1 : 0;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{(lost ? "LOSS" : "ok  ")} {name} {before.Case}: {before.Ratio} -> {(ratio is null ? "missing" : ratio)}"));
        }

        return losses;
    }

    /// <summary>
    /// How much worse a stored ratio may become, as a share of it. Statements are counted and do not move; whole requests, with server and callers on one machine, move
    /// more than calls do; a tail of a short run moves most.
    /// </summary>
    private static double AllowedLoss(ResultRow row) =>
        row.Case.EndsWith("statements", StringComparison.Ordinal) ? 0
        : row.Case.EndsWith("p95", StringComparison.Ordinal) ? 1
        : row.Unit == "ms/request" ? 0.5
        : 0.2;
}
