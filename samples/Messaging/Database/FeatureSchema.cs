using System.Globalization;
using System.Reflection;

namespace Messaging.Database;

/// <summary>The numbered SQL of one feature, embedded as <c>Feature/Sql/0001_name.sql</c>. Features migrate in the order in which they were added.</summary>
internal sealed record FeatureSchema(string Feature)
{
    internal IReadOnlyList<(long Version, string Sql)> Migrations { get; } = Load(Feature);

    internal long Newest => Migrations[^1].Version;

    private static List<(long Version, string Sql)> Load(string feature)
    {
        var assembly = Assembly.GetExecutingAssembly();
        var prefix = $"{feature}/Sql/";
        var migrations = assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(prefix, StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(name => (Version(name[prefix.Length..]), Read(assembly, name)))
            .ToList();
        for (var i = 0; i < migrations.Count; i++)
        {
            if (migrations[i].Item1 != i + 1)
            {
                throw new InvalidOperationException($"{feature}: migration {i + 1} is missing; the files in {prefix} must be numbered 0001, 0002, ...");
            }
        }

        return migrations.Count > 0 ? migrations : throw new InvalidOperationException($"{feature}: there is no migration in {prefix}.");
    }

    private static long Version(string fileName) => long.Parse(fileName.AsSpan(0, fileName.IndexOf('_', StringComparison.Ordinal)), CultureInfo.InvariantCulture);

    private static string Read(Assembly assembly, string name)
    {
        using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }
}
