using System.Text.RegularExpressions;

namespace Resilience.House.Tests.Docs;

/// <summary>What the docs promise is proved by a test that exists.</summary>
public sealed partial class GuaranteeTests
{
    private static readonly Lazy<HashSet<string>> TestNames = new(static () =>
        [.. Repository.Source("tests/").SelectMany(static file => TestMethod().Matches(Repository.Read(file)).Select(static match => match.Groups[1].Value))]);

    public static TheoryData<string> Pages => [.. Repository.Files.Where(static file => file.StartsWith("docs/", StringComparison.Ordinal) && file.EndsWith(".md", StringComparison.Ordinal) && Repository.Read(file).Contains("\n## Guarantees", StringComparison.Ordinal))];

    [Fact]
    public void Every_filled_package_has_a_page_with_guarantees() =>
        Package.All.Where(static package => package.Assembly.GetExportedTypes().Length > 0)
            .Where(static package => !package.Docs().Contains("## Guarantees and limits", StringComparison.Ordinal))
            .Select(static package => package.Name)
            .ShouldBeEmpty();

    [Theory]
    [MemberData(nameof(Pages))]
    public void Every_guarantee_names_a_test_that_exists(string page)
    {
        var rows = Tables.Below(Repository.Read(page), "## Guarantees and limits").Skip(1).ToArray();

        rows.ShouldNotBeEmpty();
        rows.Where(static row => !Tables.Code(row[^1]).Any(TestNames.Value.Contains)).Select(static row => row[0]).ShouldBeEmpty("each row names a test in its last cell");
        rows.SelectMany(static row => Tables.Code(row[^1])).Where(static code => code.Contains('_', StringComparison.Ordinal) && !TestNames.Value.Contains(code)).ShouldBeEmpty("these tests do not exist");
    }

    [Fact]
    public void Every_test_named_by_the_requirements_page_exists()
    {
        var rows = Repository.Read("docs/requirements.md").Split('\n').Where(static line => Row().IsMatch(line)).ToArray();

        rows.Length.ShouldBeGreaterThan(60);
        rows.SelectMany(static row => Tables.Code(row.TrimEnd(' ', '|').Split('|')[^1])).Where(static name => name.Contains('_', StringComparison.Ordinal) && !TestNames.Value.Contains(name)).ShouldBeEmpty("these tests do not exist");
    }

    [GeneratedRegex(@"^\| [A-Z]\d+ \|")]
    private static partial Regex Row();

    [GeneratedRegex(@"\[(?:Fact|Theory)[^\n]*\n(?:\s*\[[^\n]*\n)*\s*(?:public|internal) (?:async )?(?:void|Task|ValueTask) (\w+)\(")]
    private static partial Regex TestMethod();
}
