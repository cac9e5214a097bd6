using System.Text.RegularExpressions;

namespace Resilience.House.Tests.Docs;

public sealed partial class LinkTests
{
    public static TheoryData<string> Pages => [.. Repository.Files.Where(static file => file.EndsWith(".md", StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Every_relative_link_leads_to_a_file(string page) =>
        Link().Matches(Repository.Read(page))
            .Select(static match => match.Groups[1].Value.Split('#')[0])
            .Where(static target => target.Length > 0 && !target.Contains("://", StringComparison.Ordinal) && !target.StartsWith("mailto:", StringComparison.Ordinal))
            .Where(target => !Repository.Exists(Path.Combine(Path.GetDirectoryName(page)!, target)))
            .ShouldBeEmpty();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();
}
