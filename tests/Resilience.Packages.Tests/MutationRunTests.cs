using System.Text.Json;

namespace Resilience.Packages.Tests;

/// <summary>The mutation run tells a change that a test notices from one that none does.</summary>
public sealed class MutationRunTests
{
    [Fact]
    public async Task A_planted_survivor_and_a_killed_mutant_are_both_reported_as_such()
    {
        var (code, output) = await Shell.RunAsync(PackedPackages.Root, Path.Combine(PackedPackages.Root, "eng", "mutate.sh"), ["--check"]);
        code.ShouldBe(0, output);

        using var report = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(PackedPackages.Root, "artifacts", "mutation", "planted", "reports", "mutation-report.json"), TestContext.Current.CancellationToken));
        var mutants = report.RootElement.GetProperty("files").EnumerateObject().Single(static file => file.Name.EndsWith("Bounds.cs", StringComparison.Ordinal)).Value.GetProperty("mutants").EnumerateArray()
            .Select(static mutant => (Line: mutant.GetProperty("location").GetProperty("start").GetProperty("line").GetInt32(), Status: mutant.GetProperty("status").GetString()))
            .ToArray();

        mutants.Where(static mutant => mutant.Line == 6).ShouldAllBe(static mutant => mutant.Status == "Killed");
        mutants.Where(static mutant => mutant.Line == 8).ShouldContain(static mutant => mutant.Status == "Survived");
    }
}
