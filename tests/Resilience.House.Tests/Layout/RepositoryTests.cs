using System.Text.RegularExpressions;

namespace Resilience.House.Tests.Layout;

/// <summary>The repository speaks of the project alone and holds no generated file.</summary>
public sealed partial class RepositoryTests
{
    private const int LargestFile = 512 * 1024;

    private static readonly string[] RootFiles =
    [
        "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "LICENSE", "Resilience.sln", "nuget.config", "global.json",
        "Directory.Build.props", "Directory.Packages.props", ".editorconfig", ".gitignore", ".gitattributes", "test.sh", "bench.sh",
    ];

    [Fact]
    public void The_root_holds_what_the_layout_names_and_nothing_else() =>
        Repository.Files.Where(static file => !file.Contains('/', StringComparison.Ordinal)).Order(StringComparer.Ordinal).ShouldBe(RootFiles.Order(StringComparer.Ordinal));

    [Fact]
    public void No_file_names_a_path_of_one_machine_or_a_registry_host()
    {
        var text = Repository.Files.Where(static file => !file.EndsWith(".png", StringComparison.Ordinal) && !file.EndsWith("RepositoryTests.cs", StringComparison.Ordinal));

        text.Where(static file => Machine().IsMatch(Repository.Read(file))).ShouldBeEmpty();
    }

    [Fact]
    public void No_generated_or_large_file_is_tracked()
    {
        Repository.Files.Where(static file => Generated().IsMatch(file)).ShouldBeEmpty();
        Repository.Files.Where(static file => new FileInfo(Path.Combine(Repository.Root, file)).Length > LargestFile).ShouldBeEmpty();
    }

    [Fact]
    public void The_editor_config_stays_below_150_lines() =>
        Repository.Read(".editorconfig").Split('\n').Length.ShouldBeLessThan(150);

    [Fact]
    public void Scripts_that_people_run_are_executable()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        foreach (var script in Repository.Files.Where(static file => (file.EndsWith(".sh", StringComparison.Ordinal) && !file.StartsWith("eng/lib/", StringComparison.Ordinal)) || file == ".ci/run"))
        {
            File.GetUnixFileMode(Path.Combine(Repository.Root, script)).HasFlag(UnixFileMode.UserExecute).ShouldBeTrue(script);
        }
    }

    [GeneratedRegex(@"(?<![\w./])/(?:work|root|home/\w+)/|https?://(?!localhost|127\.0\.0\.1)[\w.-]*(?:registry\.npmjs|api\.nuget|deb\.debian)")]
    private static partial Regex Machine();

    [GeneratedRegex(@"\.(?:nupkg|snupkg|dll|exe|pdb|trx|binlog)$|(?:^|/)(?:bin|obj|node_modules|TestResults)/")]
    private static partial Regex Generated();
}
