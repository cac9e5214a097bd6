using System.Diagnostics.CodeAnalysis;
using System.Reflection;

namespace Resilience.Data.Tests.Unit;

public sealed class PublicSqlSurfaceTests
{
    /// <summary>Every public string of the package that is no name of a database provider's base class, with what it is. None is SQL.</summary>
    private static readonly HashSet<string> Harmless = new(StringComparer.Ordinal)
    {
        "name", "table", "column", "text", "lockAlias", "key", "keys", "tag", "tags", "match", "file", "statementFingerprint", "reason", "endpoint", "loaderName",
        "connectionName", "index", "original", "value", "writer",
    };

    [Fact]
    public void The_public_API_has_no_way_to_pass_a_run_time_string_as_SQL()
    {
        var suspicious =
            from type in new[] { typeof(Sql).Assembly }.SelectMany(static a => a.GetExportedTypes())
            from method in type.GetMembers(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly).OfType<MethodBase>()
            where !IsOverride(method) && !method.IsSpecialName
            from parameter in method.GetParameters()
            where parameter.ParameterType == typeof(string) || parameter.ParameterType == typeof(FormattableString) || parameter.ParameterType == typeof(IEnumerable<string>)
            where parameter.GetCustomAttribute<ConstantExpectedAttribute>() is null && !Harmless.Contains(parameter.Name!)
            select $"{type.Name}.{method.Name}({parameter.Name})";

        suspicious.ShouldBeEmpty();
        typeof(SqlHandler).GetMethod("AppendLiteral")!.GetParameters()[0].GetCustomAttribute<ConstantExpectedAttribute>().ShouldNotBeNull();
        typeof(Sql).GetConstructors().ShouldBeEmpty();
    }

    private static bool IsOverride(MethodBase method) => method is MethodInfo info && info.GetBaseDefinition() != info;
}
