using System.Security.Cryptography;

namespace Resilience.Packages.Tests;

/// <summary>What a package holds and what it depends on.</summary>
public sealed class ContentTests(PackedPackages packed)
{
    private static readonly Dictionary<string, string[]> Dependencies = new()
    {
        ["Resilience.Sse"] = ["Resilience.Cleanup"],
        ["Resilience.Sse.Redis"] = ["Resilience.Sse", "StackExchange.Redis"],
        ["Resilience.Queues.Redis"] = ["Resilience.Queues", "StackExchange.Redis"],
        ["Resilience.Storage"] = ["Polly.Core"],
        ["Resilience.Data.Redis"] = ["Resilience.Data", "StackExchange.Redis"],
        ["Resilience.Data.Testing"] = ["Resilience.Data"],
    };

    [Theory]
    [MemberData(nameof(PackedPackages.Names), MemberType = typeof(PackedPackages))]
    public void A_package_holds_its_assembly_docs_and_readme_and_nothing_else(string name)
    {
        using var package = packed.Open(name);

        package.Entries.Select(static entry => entry.FullName)
            .Where(static file => !file.StartsWith("_rels/", StringComparison.Ordinal) && !file.StartsWith("package/", StringComparison.Ordinal) && file != "[Content_Types].xml")
            .ShouldBe([$"{name}.nuspec", "README.md", $"lib/net10.0/{name}.dll", $"lib/net10.0/{name}.xml"], ignoreOrder: true);
        package.GetEntry("README.md")!.Length.ShouldBeGreaterThan(20);
    }

    [Theory]
    [MemberData(nameof(PackedPackages.Names), MemberType = typeof(PackedPackages))]
    public void Symbols_are_packed_beside_the_package(string name)
    {
        using var symbols = packed.Open(name, "snupkg");

        symbols.Entries.Select(static entry => entry.FullName).ShouldContain($"lib/net10.0/{name}.pdb");
    }

    [Theory]
    [MemberData(nameof(PackedPackages.Names), MemberType = typeof(PackedPackages))]
    public void The_manifest_states_licence_readme_description_and_tags(string name)
    {
        var metadata = packed.Nuspec(name).Root!.Elements().Single(static element => element.Name.LocalName == "metadata");
        string Value(string element) => metadata.Elements().SingleOrDefault(item => item.Name.LocalName == element)?.Value ?? "";

        Value("license").ShouldBe("MIT");
        Value("readme").ShouldBe("README.md");
        Value("description").Length.ShouldBeGreaterThan(40);
        Value("tags").ShouldNotBeEmpty();
        Value("version").ShouldBe(PackedPackages.Version);
    }

    [Theory]
    [MemberData(nameof(PackedPackages.Names), MemberType = typeof(PackedPackages))]
    public void Dependencies_equal_the_expected_list(string name)
    {
        var actual = packed.Nuspec(name).Descendants().Where(static element => element.Name.LocalName == "dependency").Select(static element => element.Attribute("id")!.Value).ToArray();
        var expected = Dependencies.GetValueOrDefault(name) ?? [];

        actual.Where(static id => !id.StartsWith("Microsoft.Extensions.", StringComparison.Ordinal)).ShouldBe(expected, ignoreOrder: true);
        if (name == "Resilience.Sse")
        {
            actual.ShouldBe(expected, "Microsoft.Extensions comes with the shared framework");
        }
    }

    [Fact]
    public async Task Packing_twice_gives_the_same_assemblies_and_docs()
    {
        var again = Path.Combine(packed.Scratch, "again");
        await PackedPackages.PackAsync(again);

        foreach (var folder in new[] { packed.Folder, packed.PublishFolder })
        {
            foreach (var path in Directory.EnumerateFiles(folder, "*.nupkg"))
            {
                Hashes(path).ShouldBe(Hashes(Path.Combine(again, Path.GetFileName(folder), Path.GetFileName(path))), ignoreOrder: true);
            }
        }
    }

    private static string[] Hashes(string path)
    {
        using var package = System.IO.Compression.ZipFile.OpenRead(path);
        return
        [
            // The packaging parts carry a fresh name each time; what users load must not differ.
            .. package.Entries.Where(static entry => !entry.FullName.StartsWith("package/", StringComparison.Ordinal) && !entry.FullName.StartsWith("_rels/", StringComparison.Ordinal)).Select(static entry =>
            {
                using var stream = entry.Open();
                return $"{entry.FullName} {Convert.ToHexString(SHA256.HashData(stream))}";
            }),
        ];
    }
}
