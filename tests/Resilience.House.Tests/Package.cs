using System.Reflection;

namespace Resilience.House.Tests;

/// <summary>A package of the family: its assembly and the docs pages that describe it.</summary>
public sealed record Package(string Name, params string[] Pages)
{
    public static IReadOnlyList<Package> All { get; } =
    [
        new("Resilience.Cleanup", "docs/cleanup.md"),
        new("Resilience.Sse", "docs/sse.md"),
        new("Resilience.Sse.Redis", "docs/sse.md"),
        new("Resilience.Queues", "docs/queues.md", "docs/stream-trimmer.md"),
        new("Resilience.Queues.Redis", "docs/queues.md", "docs/stream-trimmer.md"),
        new("Resilience.Storage", "docs/storage.md"),
        new("Resilience.Data", "docs/data.md"),
        new("Resilience.Data.Redis", "docs/data.md"),
        new("Resilience.Data.Testing", "docs/data.md"),
    ];

    /// <summary>The packages that hold more than their project file.</summary>
    public static TheoryData<string> Filled => [.. All.Where(static package => package.Assembly.GetExportedTypes().Length > 0).Select(static package => package.Name)];

    public static TheoryData<string> Names => [.. All.Select(static package => package.Name)];

    public Assembly Assembly { get; } = Assembly.Load(Name);

    public string Folder => $"src/{Name}";

    public static Package Named(string name) => All.Single(package => package.Name == name);

    /// <summary>The text of all pages of the package; fails when one is missing.</summary>
    public string Docs() => string.Join('\n', Pages.Where(Repository.Exists).Select(Repository.Read));

    public override string ToString() => Name;
}
