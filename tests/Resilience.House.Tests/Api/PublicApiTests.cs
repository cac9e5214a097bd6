namespace Resilience.House.Tests.Api;

/// <summary>The public surface of each package is a reviewed file. <c>eng/approve-api.sh</c> accepts a change.</summary>
public sealed class PublicApiTests
{
    [Theory]
    [MemberData(nameof(Package.Filled), MemberType = typeof(Package))]
    public void The_public_surface_equals_the_reviewed_snapshot(string name)
    {
        var package = Package.Named(name);
        var path = Path.Combine(Repository.Root, package.Folder, "PublicApi.approved.txt");
        var actual = PublicApiText.Of(package.Assembly);

        if (Environment.GetEnvironmentVariable("RESILIENCE_APPROVE_API") == "1")
        {
            File.WriteAllText(path, actual);
        }

        File.Exists(path).ShouldBeTrue($"{path} is missing; run eng/approve-api.sh and review it.");
        actual.ShouldBe(File.ReadAllText(path).ReplaceLineEndings("\n"), "The public API changed. If that is meant, run eng/approve-api.sh and review the diff.");
    }

    [Theory]
    [MemberData(nameof(Package.Filled), MemberType = typeof(Package))]
    public void Public_classes_are_sealed_static_or_abstract(string name) =>
        Package.Named(name).Assembly.GetExportedTypes()
            .Where(static type => type.IsClass && !type.IsSealed && !type.IsAbstract && !type.IsSubclassOf(typeof(Exception)))
            .Select(static type => type.FullName)
            .ShouldBeEmpty();

    [Fact]
    public void The_snapshot_tells_nullability_defaults_and_modifiers_apart()
    {
        var text = PublicApiText.Of(typeof(PublicApiTests).Assembly);

        text.ShouldContain("sealed class Resilience.House.Tests.Api.ApiSample");
        text.ShouldContain("string? Find(string key, int limit = 5)");
        text.ShouldContain("IReadOnlyList<string?> Names { get; init; }");
        text.ShouldNotContain("Hidden");
    }
}

/// <summary>What the snapshot writer is tried on.</summary>
public sealed class ApiSample
{
    public IReadOnlyList<string?> Names { get; init; } = [];

    internal int Hidden { get; set; }

    public string? Find(string key, int limit = 5) => key.Length > limit + Names.Count ? null : key;
}
