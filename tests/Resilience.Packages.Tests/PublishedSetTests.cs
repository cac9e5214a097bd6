using System.IO.Compression;
using System.Xml.Linq;
using Resilience.TestKit;

namespace Resilience.Packages.Tests;

/// <summary>The set that users get. Its Redis packages are compiled against a client that is not run here, so they are proved by their metadata.</summary>
public sealed class PublishedSetTests(PackedPackages packed)
{
    public static TheoryData<string> RedisPackages => [.. PackedPackages.Names.Where(static row => row.Data.EndsWith(".Redis", StringComparison.Ordinal)).Select(static row => row.Data)];

    [Theory]
    [MemberData(nameof(RedisPackages))]
    public void A_published_Redis_package_asks_for_the_client_it_was_compiled_against(string name)
    {
        using var client = AssemblyMetadata.Open(PublishedClient.ClientPath);
        var minimum = Dependencies(name, packed.PublishFolder)["StackExchange.Redis"];

        Version.Parse(minimum).Major.ShouldBe(client.Name.Version!.Major);
        minimum.ShouldBe(CentralVersion("RedisClientPublishVersion"));
        Dependencies(name, packed.Folder)["StackExchange.Redis"].ShouldBe(CentralVersion("RedisClientRunVersion"));
    }

    [Theory]
    [MemberData(nameof(RedisPackages))]
    public async Task Every_member_reference_of_a_published_Redis_package_is_in_that_client(string name)
    {
        PublishedClient.Check(await AssemblyAsync(name, packed.PublishFolder)).ShouldBeEmpty();
    }

    [Theory]
    [MemberData(nameof(RedisPackages))]
    public void A_Redis_package_says_which_client_was_run(string name)
    {
        using var package = ZipFile.OpenRead(Path.Combine(packed.PublishFolder, $"{name}.{PackedPackages.Version}.nupkg"));
        using var reader = new StreamReader(package.GetEntry("README.md")!.Open());
        var text = reader.ReadToEnd();

        text.ShouldContain($"compiled against StackExchange.Redis {CentralVersion("RedisClientPublishVersion")}");
        text.ShouldContain($"run on {CentralVersion("RedisClientRunVersion")}");
    }

    [Theory]
    [MemberData(nameof(PackedPackages.Names), MemberType = typeof(PackedPackages))]
    public void The_sets_differ_in_the_Redis_client_alone(string name)
    {
        var run = Dependencies(name, packed.Folder);
        var publish = Dependencies(name, packed.PublishFolder);

        publish.Keys.ShouldBe(run.Keys, ignoreOrder: true);
        publish.Where(one => run[one.Key] != one.Value).Select(static one => one.Key)
            .ShouldBe(name.EndsWith(".Redis", StringComparison.Ordinal) ? ["StackExchange.Redis"] : []);
        Files(packed.PublishFolder, name).ShouldBe(Files(packed.Folder, name), ignoreOrder: true);
    }

    private static Dictionary<string, string> Dependencies(string name, string folder) =>
        PackedPackages.Nuspec(name, folder).Descendants().Where(static element => element.Name.LocalName == "dependency")
            .ToDictionary(static element => element.Attribute("id")!.Value, static element => element.Attribute("version")!.Value, StringComparer.Ordinal);

    private static async Task<Stream> AssemblyAsync(string name, string folder)
    {
        using var package = ZipFile.OpenRead(Path.Combine(folder, $"{name}.{PackedPackages.Version}.nupkg"));
        await using var entry = package.GetEntry($"lib/net10.0/{name}.dll")!.Open();
        var copy = new MemoryStream();
        await entry.CopyToAsync(copy);
        copy.Position = 0;
        return copy;
    }

    private static string[] Files(string folder, string name)
    {
        using var package = ZipFile.OpenRead(Path.Combine(folder, $"{name}.{PackedPackages.Version}.nupkg"));
        return [.. package.Entries.Select(static entry => entry.FullName).Where(static file => !file.StartsWith("package/", StringComparison.Ordinal))];
    }

    private static string CentralVersion(string property) =>
        XDocument.Load(Path.Combine(PackedPackages.Root, "Directory.Packages.props")).Descendants(property).Single().Value;
}
