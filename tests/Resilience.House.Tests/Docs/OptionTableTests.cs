using System.Reflection;

namespace Resilience.House.Tests.Docs;

/// <summary>Option default, docs table and limit are one promise.</summary>
public sealed class OptionTableTests
{
    [Theory]
    [MemberData(nameof(Package.Filled), MemberType = typeof(Package))]
    public void Every_option_stands_in_the_docs_with_its_default_and_limits(string name)
    {
        var package = Package.Named(name);
        var page = package.Docs();
        var faults = package.Assembly.GetExportedTypes()
            .Where(static type => type.Name.EndsWith("Options", StringComparison.Ordinal) && type is { IsClass: true, IsAbstract: false })
            .SelectMany(type => Faults(type, page))
            .ToArray();

        faults.ShouldBeEmpty();
    }

    [Fact]
    public void A_wrong_default_a_wrong_limit_and_a_missing_row_are_each_reported()
    {
        const string Page = """
            ### `SampleOptions`

            | Option | Default | Limits | Why |
            |---|---|---|---|
            | `Size` | `10` | `1 to 100` | |
            | `Wait` | `4 s` | `1 s to 10 s` | |
            """;

        Faults(typeof(SampleOptions), Page).ShouldBe(
            ["SampleOptions.Missing has no row", "SampleOptions.Size: the limits cell 'Limits' lacks 1 to 50".Replace("'Limits'", "'`1 to 100`'", StringComparison.Ordinal), "SampleOptions.Wait: the page says `4 s`, the code 5 s"],
            ignoreOrder: true);
    }

    private static IEnumerable<string> Faults(Type type, string page)
    {
        var rows = Tables.FirstBelow(page, $"### `{type.Name}`");
        if (rows.Count == 0)
        {
            yield return $"{type.Name} has no options table: a heading ### `{type.Name}` with a table below it";
            yield break;
        }

        var properties = type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(static property => property.SetMethod is { IsPublic: true } || property.PropertyType.Name.EndsWith("Options", StringComparison.Ordinal)).ToArray();
        foreach (var row in rows.Skip(1).Where(row => !properties.Any(property => Tables.Code(row[0]).Contains(property.Name))))
        {
            yield return $"{type.Name}: the row {row[0]} names no option";
        }

        var defaults = Activator.CreateInstance(type.IsGenericTypeDefinition ? type.MakeGenericType([.. type.GetGenericArguments().Select(static _ => typeof(object))]) : type)!;
        foreach (var property in properties)
        {
            var row = rows.FirstOrDefault(row => Tables.Code(row[0]).Contains(property.Name));
            if (row is null || row.Length < 4)
            {
                yield return $"{type.Name}.{property.Name} has no row";
                continue;
            }

            if (OptionText.Of(defaults.GetType().GetProperty(property.Name)!.GetValue(defaults)) is { } expected && !Tables.Code(row[1]).Contains(expected))
            {
                yield return $"{type.Name}.{property.Name}: the page says {row[1]}, the code {expected}";
            }

            if (Limits(property) is { } limits && !row[2].Contains(limits, StringComparison.Ordinal))
            {
                yield return $"{type.Name}.{property.Name}: the limits cell '{row[2]}' lacks {limits}";
            }
        }
    }

    private static string? Limits(PropertyInfo property)
    {
        var attribute = property.GetCustomAttributes().FirstOrDefault(static attribute => attribute.GetType().Name is "BoundsAttribute" or "TimeSpanRangeAttribute" or "RangeAttribute");
        return attribute is null ? null : $"{Bound(attribute, "Minimum")} to {Bound(attribute, "Maximum")}";
    }

    private static string? Bound(Attribute attribute, string name) => OptionText.Of(attribute.GetType().GetProperty(name)!.GetValue(attribute));

    internal sealed class SampleOptions
    {
        [System.ComponentModel.DataAnnotations.Range(1, 50)]
        public int Size { get; set; } = 10;

        public TimeSpan Wait { get; set; } = TimeSpan.FromSeconds(5);

        public bool Missing { get; set; }
    }
}
