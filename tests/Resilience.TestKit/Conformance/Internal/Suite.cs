using System.Reflection;
using Xunit;

namespace Resilience.TestKit.Conformance.Internal;

/// <summary>One suite with the classes that are derived from it.</summary>
internal sealed class Suite
{
    private readonly Type _type;
    private readonly Type _abstraction;
    private readonly IReadOnlyList<Type> _derived;

    private Suite(Type type, IEnumerable<Type> tests)
    {
        _type = type;
        _abstraction = type.GetCustomAttribute<ConformanceSuiteAttribute>(inherit: false)!.Abstraction;
        _derived = [.. tests.Where(test => !test.IsAbstract && Bases(test).Contains(type))];
    }

    /// <summary>The suites among the types and among the base classes of the types.</summary>
    public static IReadOnlyList<Suite> FindAll(IReadOnlyCollection<Type> tests) =>
    [
        .. tests.SelectMany(static test => Bases(test).Prepend(Definition(test)))
            .Distinct()
            .Where(static type => type.GetCustomAttribute<ConformanceSuiteAttribute>(inherit: false) is not null)
            .OrderBy(static type => type.FullName, StringComparer.Ordinal)
            .Select(type => new Suite(type, tests)),
    ];

    public IEnumerable<string> FindHoles(IReadOnlyCollection<Type> products)
    {
        if (!_type.IsAbstract)
        {
            yield return $"{_type.FullName} carries [ConformanceSuite] and is not abstract.";
        }

        var facts = Facts().ToHashSet(StringComparer.Ordinal);
        if (facts.Count == 0)
        {
            yield return $"{_type.FullName} has no facts.";
        }

        if (_derived.Count == 0)
        {
            yield return $"{_type.FullName} has no derived class: nothing runs it.";
        }

        foreach (var hole in _derived.SelectMany(derived => HolesOf(derived, facts)).Concat(HolesIn(products)))
        {
            yield return hole;
        }
    }

    private static Type Definition(Type type) => type.IsGenericType ? type.GetGenericTypeDefinition() : type;

    private static IEnumerable<Type> Bases(Type type)
    {
        for (var current = type.BaseType; current is not null; current = current.BaseType)
        {
            yield return Definition(current);
        }
    }

    private IEnumerable<string> Facts() =>
        Bases(_type).Prepend(_type)
            .SelectMany(static type => type.GetMethods(BindingFlags.Instance | BindingFlags.Public | BindingFlags.DeclaredOnly))
            .Where(static method => method.GetCustomAttributes().Any(static attribute => attribute is FactAttribute))
            .Select(static method => method.Name);

    private IEnumerable<string> HolesOf(Type derived, HashSet<string> facts)
    {
        if (!derived.IsVisible)
        {
            yield return $"{derived.FullName} is not public: the runner does not see it.";
        }

        // From the class up to the suite: a class in between must not weaken a fact either.
        for (var type = derived; Definition(type) != _type; type = type.BaseType!)
        {
            foreach (var method in type.GetMethods(BindingFlags.Instance | BindingFlags.Public | BindingFlags.DeclaredOnly).Where(method => facts.Contains(method.Name)))
            {
                yield return $"{type.FullName} declares {method.Name} again: facts live in {_type.FullName} only.";
            }
        }

        if (derived.GetCustomAttribute<ConformsAttribute>(inherit: false) is not { } conforms)
        {
            yield return $"{derived.FullName} does not say what it tests: add [Conforms(typeof(...))].";
        }
        else if (!Implements(conforms.Implementation))
        {
            yield return $"{derived.FullName} says it tests {conforms.Implementation.FullName}, which is no {_abstraction.FullName}.";
        }
    }

    private IEnumerable<string> HolesIn(IReadOnlyCollection<Type> products)
    {
        var covered = _derived.Select(static derived => derived.GetCustomAttribute<ConformsAttribute>(inherit: false)?.Implementation).ToHashSet();
        var exempt = _type.GetCustomAttributes<NotConformingAttribute>(inherit: false).ToArray();
        foreach (var exemption in exempt)
        {
            if (!Implements(exemption.Implementation) || string.IsNullOrWhiteSpace(exemption.Reason))
            {
                yield return $"{_type.FullName} exempts {exemption.Implementation.FullName}, which is no {_abstraction.FullName} or has no reason.";
            }
        }

        foreach (var product in products.Where(product => !product.IsAbstract && !product.IsInterface && Implements(product)))
        {
            if (!covered.Contains(product) && !exempt.Any(exemption => exemption.Implementation == product))
            {
                yield return $"{product.FullName} implements {_abstraction.FullName} and no class derived from {_type.FullName} tests it.";
            }
        }
    }

    private bool Implements(Type type) =>
        _abstraction.IsInterface
            ? type.GetInterfaces().Any(candidate => Definition(candidate) == Definition(_abstraction))
            : Bases(type).Contains(Definition(_abstraction));
}
