using System.Text.RegularExpressions;

namespace Resilience.House.Tests.Docs;

/// <summary>
/// Code in the docs is compiled: each C# block is preceded by <c>&lt;!-- snippet: name --&gt;</c> and equals the lines between <c>// snippet: name</c> and
/// <c>// end</c> in a file of <c>docs/snippets</c>, which is a project of the solution.
/// </summary>
public sealed partial class SnippetTests
{
    private static readonly Lazy<Dictionary<string, string>> Snippets = new(Load);

    public static TheoryData<string> Pages =>
        [.. Repository.Files.Where(static file => file.EndsWith(".md", StringComparison.Ordinal) && Repository.Read(file).Contains("```csharp", StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Every_code_block_of_a_page_is_compiled(string page)
    {
        var text = Repository.Read(page);
        var blocks = Block().Matches(text);

        blocks.Count.ShouldBe(text.Split("```csharp").Length - 1, $"{page}: each C# block follows a line <!-- snippet: name -->");
        foreach (Match block in blocks)
        {
            var name = block.Groups[1].Value;
            Snippets.Value.ShouldContainKey(name, $"{page}: no snippet of that name in docs/snippets");
            block.Groups[2].Value.Trim().ShouldBe(Snippets.Value[name], $"{page}: the block '{name}' differs from the compiled snippet");
        }
    }

    private static Dictionary<string, string> Load() =>
        Repository.Source("docs/snippets/")
            .SelectMany(static file => Snippet().Matches(Repository.Read(file)))
            .ToDictionary(static match => match.Groups[1].Value, static match => Unindent(match.Groups[2].Value));

    private static string Unindent(string text)
    {
        var lines = text.Split('\n').Select(static line => line.TrimEnd()).ToArray();
        var indent = lines.Where(static line => line.Length > 0).Select(static line => line.Length - line.TrimStart().Length).DefaultIfEmpty(0).Min();
        return string.Join('\n', lines.Select(line => line.Length > 0 ? line[indent..] : line)).Trim();
    }

    [GeneratedRegex(@"<!-- snippet: ([\w-]+) -->\n```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex(@"// snippet: ([\w-]+)\n(.*?)\n[ ]*// end", RegexOptions.Singleline)]
    private static partial Regex Snippet();
}
