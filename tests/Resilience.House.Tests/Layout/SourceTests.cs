using System.Text.RegularExpressions;

namespace Resilience.House.Tests.Layout;

/// <summary>Habits of the house that a compiler does not check.</summary>
public sealed partial class SourceTests
{
    private const int LongestFile = 400;
    private const int LargestMedian = 90;

    [Fact]
    public void No_source_file_is_longer_than_400_lines() =>
        Repository.Files.Where(static file => file.EndsWith(".cs", StringComparison.Ordinal) && Lines(file).Length > LongestFile).ShouldBeEmpty();

    [Theory]
    [MemberData(nameof(Package.Filled), MemberType = typeof(Package))]
    public void Files_of_a_package_are_small(string name)
    {
        var lengths = Repository.Source($"src/{name}/").Select(static file => Lines(file).Length).Order().ToArray();

        lengths[lengths.Length / 2].ShouldBeLessThanOrEqualTo(LargestMedian);
    }

    [Fact]
    public void Folders_are_features_and_not_kinds() =>
        Repository.Source("src/").Where(static file => KindFolder().IsMatch(file)).ShouldBeEmpty();

    [Fact]
    public void No_unfinished_code_is_left() =>
        Matches("", Unfinished(), static file => !file.EndsWith("SourceTests.cs", StringComparison.Ordinal)).ShouldBeEmpty();

    [Fact]
    public void What_a_package_does_not_support_is_said_and_not_just_thrown() =>
        Matches("src/", BareRefusal()).ShouldBeEmpty("NotSupportedException needs a text that says what to do instead");

    [Fact]
    public void Pragmas_stay_within_two_per_thousand_lines_and_say_why()
    {
        var lines = Repository.Source("src/").SelectMany(Lines).ToArray();
        var pragmas = lines.Where(static line => line.Contains("#pragma warning disable", StringComparison.Ordinal)).ToArray();

        pragmas.Where(static line => !line.Contains("//", StringComparison.Ordinal)).ShouldBeEmpty("each pragma carries its reason");
        (pragmas.Length * 1000.0).ShouldBeLessThanOrEqualTo(2.0 * lines.Length);
    }

    [Fact]
    public void Packages_never_block_on_async_code_and_have_no_async_void() =>
        Matches("src/", Blocking()).ShouldBeEmpty();

    [Fact]
    public void No_test_is_skipped_and_none_asserts_nothing() =>
        Matches("tests/", EmptyTest(), static file => !file.EndsWith("SourceTests.cs", StringComparison.Ordinal)).ShouldBeEmpty();

    [Fact]
    public void Awaits_in_packages_keep_the_context_only_under_the_switch() =>
        Matches("src/", PlainConfigureAwait()).ShouldBeEmpty("write ConfigureAwait(Systematic.KeepContext)");

    [Fact]
    public void Regions_are_not_used() => Matches("", Region(), static file => !file.EndsWith("SourceTests.cs", StringComparison.Ordinal)).ShouldBeEmpty();

    private static string[] Lines(string file) => File.ReadAllLines(Path.Combine(Repository.Root, file));

    private static IEnumerable<string> Matches(string folder, Regex pattern, Func<string, bool>? include = null) =>
        from file in Repository.Source(folder)
        where include is null || include(file)
        from line in Lines(file).Select(static (text, index) => (text, index))
        where pattern.IsMatch(line.text)
        select $"{file}:{line.index + 1}: {line.text.Trim()}";

    [GeneratedRegex("/(Interfaces|Models|Helpers|Utils|Utilities|Common|Services|Enums|Classes)/")]
    private static partial Regex KindFolder();

    [GeneratedRegex(@"NotImplementedException|\bTODO\b|\bFIXME\b|\bHACK\b")]
    private static partial Regex Unfinished();

    [GeneratedRegex(@"throw new NotSupportedException\(\)")]
    private static partial Regex BareRefusal();

    [GeneratedRegex(@"\.GetAwaiter\(\)\.GetResult\(\)|\.Wait\(\)|async void|Thread\.Sleep")]
    private static partial Regex Blocking();

    [GeneratedRegex(@"Skip ?= ?""|Assert\.Skip|SkipUnless|SkipWhen|Assert\.True\(true\)|ShouldBe\(true, *true\)")]
    private static partial Regex EmptyTest();

    [GeneratedRegex(@"ConfigureAwait\((false|true)\)")]
    private static partial Regex PlainConfigureAwait();

    [GeneratedRegex(@"^\s*#region")]
    private static partial Regex Region();
}
