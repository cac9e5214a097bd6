using Resilience.Benchmarks;

namespace Resilience.House.Tests.Benchmarks;

/// <summary>A run that is more than 20 % worse than the stored one fails, and so does one that lacks a case.</summary>
public sealed class ComparisonTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("resilience-compare-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData(0.50, 0)]
    [InlineData(0.59, 0)]
    [InlineData(0.61, 1)]
    [InlineData(0.10, 0)]
    public void A_loss_above_20_percent_of_the_stored_ratio_fails(double ratio, int losses)
    {
        var stored = Write("stored", new ResultRow("Resilience, one", 10, "ns/op", 0.5), new ResultRow("the other", 20, "ns/op", 1));
        var now = Write("now", new ResultRow("Resilience, one", 10, "ns/op", ratio), new ResultRow("the other", 900, "ns/op", 1));

        ResultFolder.Compare(now, stored).ShouldBe(losses);
    }

    [Fact]
    public void A_stored_case_that_the_run_lacks_is_a_loss()
    {
        var stored = Write("stored", new ResultRow("Resilience, one", 10, "ns/op", 0.5), new ResultRow("Resilience, two", 10, "ns/op", 0.5));
        var now = Write("now", new ResultRow("Resilience, one", 10, "ns/op", 0.5));

        ResultFolder.Compare(now, stored).ShouldBe(1);
    }

    [Fact]
    public void What_was_never_stored_is_no_loss()
    {
        var now = Write("now", new ResultRow("Resilience, one", 10, "ns/op", 0.5));

        ResultFolder.Compare(now, Path.Combine(_folder.FullName, "stored")).ShouldBe(0);
    }

    [Fact]
    public void A_row_is_read_back_as_it_was_written()
    {
        ResultRow[] rows = [new("Resilience, one", 1_234, "ns/op", 0.5, 0), new("the other", 0.0125, "us CPU/event", null, 27)];

        ResultTable.Parse(ResultTable.Render("Some", "What?", ["A note."], rows)).ShouldBe(rows);
    }

    private string Write(string folder, params ResultRow[] rows)
    {
        var directory = _folder.CreateSubdirectory(folder).FullName;
        var path = Path.Combine(directory, "Some.md");
        File.WriteAllText(path, ResultTable.Render("Some", "What?", [], rows));
        return folder == "stored" ? directory : path;
    }
}
