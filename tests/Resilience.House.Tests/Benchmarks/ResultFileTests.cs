using Resilience.Benchmarks;

namespace Resilience.House.Tests.Benchmarks;

/// <summary>What is kept says where it comes from, and comes from committed code on a quiet machine.</summary>
public sealed class ResultFileTests
{
    public static TheoryData<string> Results => [.. Directory.EnumerateFiles(Path.Combine(Repository.Root, "benchmarks", "results"), "*.md").Select(static path => Path.GetFileName(path))];

    [Theory]
    [MemberData(nameof(Results))]
    public void A_stored_result_comes_from_committed_code_on_a_quiet_machine(string name)
    {
        var text = File.ReadAllText(Path.Combine(Repository.Root, "benchmarks", "results", name));

        text.ShouldMatch("(?m)^- Machine: .+$");
        text.ShouldMatch("(?m)^- Commit: [0-9a-f]{7,40}$");
        text.ShouldNotContain("busy machine");
        ResultTable.Parse(text).ShouldContain(static row => row.IsOurs);
    }
}
