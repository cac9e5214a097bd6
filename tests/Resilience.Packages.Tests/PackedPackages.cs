using System.IO.Compression;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Resilience.Packages.Tests;

[assembly: AssemblyFixture(typeof(PackedPackages))]

namespace Resilience.Packages.Tests;

/// <summary>Packs everything once, into a folder of its own, with a private package cache beside it.</summary>
public sealed partial class PackedPackages : IAsyncLifetime
{
    public const string Version = "0.1.0";

    public static string Root { get; } = FindRoot();

    public string Scratch { get; } = Directory.CreateTempSubdirectory("resilience-packages-").FullName;

    /// <summary>The set that is run here, and that consumers of these tests restore.</summary>
    public string Folder => Path.Combine(Scratch, "packages", "run");

    /// <summary>The set that users get; its Redis client is not run here.</summary>
    public string PublishFolder => Path.Combine(Scratch, "packages", "publish");

    public static TheoryData<string> Names =>
        [.. Directory.EnumerateFiles(Path.Combine(Root, "src"), "*.csproj", SearchOption.AllDirectories).Select(static file => Path.GetFileNameWithoutExtension(file)).Order(StringComparer.Ordinal)];

    public async ValueTask InitializeAsync()
    {
        await PackAsync(Path.Combine(Scratch, "packages"));
        await File.WriteAllTextAsync(Path.Combine(Scratch, "nuget.config"), await SourcesAsync());
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(Scratch, recursive: true);
        return ValueTask.CompletedTask;
    }

    public static async Task PackAsync(string folder)
    {
        var (code, output) = await Shell.RunAsync(Root, Path.Combine(Root, "eng", "pack.sh"), [folder]);
        code.ShouldBe(0, output);
    }

    public ZipArchive Open(string name, string extension = "nupkg") => ZipFile.OpenRead(Path.Combine(Folder, $"{name}.{Version}.{extension}"));

    public XDocument Nuspec(string name) => Nuspec(name, Folder);

    public static XDocument Nuspec(string name, string folder)
    {
        using var package = ZipFile.OpenRead(Path.Combine(folder, $"{name}.{Version}.nupkg"));
        using var stream = package.GetEntry($"{name}.nuspec")!.Open();
        return XDocument.Load(stream);
    }

    /// <summary>Copies a consumer's sources out of the tree and returns its folder.</summary>
    public string Consumer(string name)
    {
        var target = Path.Combine(Scratch, name);
        Directory.CreateDirectory(target);
        foreach (var file in Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "Consumers", name)))
        {
            File.Copy(file, Path.Combine(target, Path.GetFileName(file)), overwrite: true);
        }

        return target;
    }

    public Task<(int Code, string Output)> DotnetAsync(string folder, params string[] arguments) =>
        Shell.RunAsync(folder, "dotnet", arguments, ("NUGET_PACKAGES", Path.Combine(Scratch, "cache")), ("DOTNET_NOLOGO", "1"));

    /// <summary>
    /// Our packages come from the packed folder and from nowhere else; all others from the sources of the machine. Packages that the machine already has are
    /// read where they lie.
    /// </summary>
    private static async Task<string> SourcesAsync()
    {
        var (_, listed) = await Shell.RunAsync(Root, "dotnet", ["nuget", "list", "source"]);
        var mappings = SourceName().Matches(listed).Select(static match => $"""<packageSource key="{match.Groups[1].Value}"><package pattern="*" /></packageSource>""");
        var shared = Environment.GetEnvironmentVariable("NUGET_PACKAGES") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        return $"""
            <configuration>
              <packageSources><add key="packed" value="packages/run" /></packageSources>
              <packageSourceMapping>
                <packageSource key="packed"><package pattern="Resilience.*" /></packageSource>
                {string.Join("\n    ", mappings)}
              </packageSourceMapping>
              <fallbackPackageFolders><add key="shared" value="{shared}" /></fallbackPackageFolders>
            </configuration>
            """;
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Resilience.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException($"No Resilience.sln above {AppContext.BaseDirectory}.");
        }

        return folder.FullName;
    }

    [GeneratedRegex(@"^\s*\d+\.\s+(.+?) \[Enabled\]", RegexOptions.Multiline)]
    private static partial Regex SourceName();
}
