using System.Xml.Linq;

namespace Resilience.House.Tests.Layout;

/// <summary>A package is independent: it references what the design allows and nothing else. Arrows point one way.</summary>
public sealed class ReferenceTests
{
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Resilience.Cleanup"] = ["Microsoft.Extensions."],
        ["Resilience.Sse"] = ["Microsoft.AspNetCore.App", "Resilience.Cleanup"],
        ["Resilience.Sse.Redis"] = ["Resilience.Sse", "StackExchange.Redis"],
        ["Resilience.Queues"] = ["Microsoft.Extensions."],
        ["Resilience.Queues.Redis"] = ["Resilience.Queues", "StackExchange.Redis"],
        ["Resilience.Storage"] = ["Microsoft.Extensions.", "Polly.Core"],
        ["Resilience.Data"] = ["Microsoft.Extensions."],
        ["Resilience.Data.Redis"] = ["Resilience.Data", "StackExchange.Redis"],
        ["Resilience.Data.Testing"] = ["Resilience.Data"],
    };

    [Theory]
    [MemberData(nameof(Package.Names), MemberType = typeof(Package))]
    public void A_package_references_only_what_the_design_allows(string name)
    {
        var project = XDocument.Parse(Repository.Read($"src/{name}/{name}.csproj"));
        var actual = project.Descendants()
            .Where(static element => element.Name.LocalName is "PackageReference" or "ProjectReference" or "FrameworkReference" && element.Attribute("PrivateAssets")?.Value != "all")
            .Select(static element => element.Name.LocalName == "ProjectReference" ? Path.GetFileNameWithoutExtension(element.Attribute("Include")!.Value) : element.Attribute("Include")!.Value);

        actual.Where(reference => !Allowed[name].Any(allowed => allowed.EndsWith('.') ? reference.StartsWith(allowed, StringComparison.Ordinal) : reference == allowed)).ShouldBeEmpty();
    }

    [Fact]
    public void Every_project_of_src_is_a_package_of_the_family() =>
        Repository.Files.Where(static file => file.StartsWith("src/", StringComparison.Ordinal) && file.EndsWith(".csproj", StringComparison.Ordinal))
            .Select(static file => Path.GetFileNameWithoutExtension(file))
            .Order(StringComparer.Ordinal)
            .ShouldBe(Allowed.Keys.Order(StringComparer.Ordinal));

    [Fact]
    public void Versions_stand_in_one_place() =>
        Repository.Files.Where(static file => file.EndsWith(".csproj", StringComparison.Ordinal) && !file.Contains("/Consumers/", StringComparison.Ordinal) && XDocument.Parse(Repository.Read(file)).Descendants("PackageReference").Any(static element => element.Attribute("Version") is not null))
            .ShouldBeEmpty();
}
