using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Resilience.House.Tests.Docs;

/// <summary>Every type that an application may share says in its own documentation how it may be shared.</summary>
public sealed partial class ThreadSafetyTests
{
    [Theory]
    [MemberData(nameof(Package.Filled), MemberType = typeof(Package))]
    public void Every_shared_public_type_states_its_thread_safety(string name)
    {
        var package = Package.Named(name);
        var documentation = XDocument.Load(Path.ChangeExtension(package.Assembly.Location, ".xml")).Descendants("member")
            .ToDictionary(static member => member.Attribute("name")!.Value, static member => member.Value);
        var shared = package.Assembly.GetExportedTypes().Where(IsShared).ToArray();

        shared.Where(type => !Statement().IsMatch(documentation.GetValueOrDefault($"T:{type.FullName!.Replace('+', '.')}", string.Empty)))
            .Select(static type => type.FullName).ShouldBeEmpty("types whose summary or remarks do not say how they may be shared");
    }

    /// <summary>
    /// Options and builders are used before the start; constants, exceptions, attributes and extension methods hold nothing that changes; and a record that has
    /// only read-only fields is immutable for everyone to see.
    /// </summary>
    private static bool IsShared(Type type) =>
        !type.IsEnum
        && !(type is { IsAbstract: true, IsSealed: true })
        && !type.IsAssignableTo(typeof(Exception))
        && !type.IsAssignableTo(typeof(Attribute))
        && !type.IsAssignableTo(typeof(Delegate))
        && !BeforeTheStart().IsMatch(type.Name)
        && !IsImmutableRecord(type);

    private static bool IsImmutableRecord(Type type)
    {
        const BindingFlags Own = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;
        return type.GetMethod("PrintMembers", Own | BindingFlags.DeclaredOnly) is not null && type.GetFields(Own).All(static field => field.IsInitOnly);
    }

    [GeneratedRegex("(Options|Builder)(`[0-9])?$")]
    private static partial Regex BeforeTheStart();

    [GeneratedRegex("thread-safe|immutable|any thread|several threads|one thread|belongs to one (thread|step|request|delivery|scope)|at the same time|at once|concurrent", RegexOptions.IgnoreCase)]
    private static partial Regex Statement();
}
