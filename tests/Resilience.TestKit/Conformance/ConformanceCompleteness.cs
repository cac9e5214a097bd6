using System.Reflection;
using Resilience.TestKit.Conformance.Internal;

namespace Resilience.TestKit;

/// <summary>The test that no implementation is missing from the conformance suites, and that no suite has become empty. See <see cref="ConformanceSuiteAttribute"/>.</summary>
public static class ConformanceCompleteness
{
    /// <summary>Checks a test assembly against the assemblies it tests.</summary>
    /// <param name="tests">Holds the derived classes; the suites may be in assemblies that it references.</param>
    /// <param name="products">Their implementations must all be covered, internal ones too.</param>
    /// <exception cref="ConformanceException">Something is missing; every hole is named.</exception>
    public static void Check(Assembly tests, params Assembly[] products)
    {
        var holes = FindHoles(tests, products);
        if (holes.Count > 0)
        {
            throw new ConformanceException(string.Join(Environment.NewLine, holes));
        }
    }

    /// <summary>What <see cref="Check"/> would fail with; empty when all is well.</summary>
    /// <param name="tests">Holds the derived classes.</param>
    /// <param name="products">The assemblies it tests.</param>
    public static IReadOnlyList<string> FindHoles(Assembly tests, params Assembly[] products)
    {
        ArgumentNullException.ThrowIfNull(tests);
        ArgumentNullException.ThrowIfNull(products);
        return FindHoles(tests.GetTypes(), [.. products.SelectMany(static product => product.GetTypes())]);
    }

    /// <summary>The same for types that are listed, for tests of this check.</summary>
    /// <param name="tests">The types of the test assembly.</param>
    /// <param name="products">The types of the products.</param>
    public static IReadOnlyList<string> FindHoles(IReadOnlyCollection<Type> tests, IReadOnlyCollection<Type> products)
    {
        ArgumentNullException.ThrowIfNull(tests);
        ArgumentNullException.ThrowIfNull(products);
        var suites = Suite.FindAll(tests);
        return suites.Count == 0
            ? ["There is no conformance suite: no abstract class carries [ConformanceSuite]."]
            : [.. suites.SelectMany(suite => suite.FindHoles(products))];
    }
}
