using System.Diagnostics.CodeAnalysis;
using Resilience.TestKit.Tests.Unit.Planted;

namespace Resilience.TestKit.Tests.Unit;

public sealed class ConformanceCompletenessTests
{
    private static readonly Type[] Whole = [typeof(StoreConformance), typeof(MemoryStoreConformanceTests), typeof(FileStoreConformanceTests)];
    private static readonly Type[] Stores = [typeof(IStore), typeof(StoreBase), typeof(MemoryStore), typeof(FileStore<>), typeof(NullStore), typeof(Unrelated)];

    [Fact]
    public void A_suite_that_covers_every_implementation_is_complete() => ConformanceCompleteness.FindHoles(Whole, Stores).ShouldBeEmpty();

    [Fact]
    public void An_implementation_without_a_derived_class_is_named() =>
        Single([typeof(StoreConformance), typeof(MemoryStoreConformanceTests)], Stores).ShouldBe(
            $"{typeof(FileStore<>).FullName} implements {typeof(IStore).FullName} and no class derived from {typeof(StoreConformance).FullName} tests it.");

    [Fact]
    public void A_suite_that_nothing_runs_is_named() =>
        ConformanceCompleteness.FindHoles([typeof(StoreConformance)], []).ShouldHaveSingleItem().ShouldContain("no derived class");

    [Fact]
    public void A_suite_is_found_through_its_derived_classes() =>
        ConformanceCompleteness.FindHoles([typeof(MemoryStoreConformanceTests)], Stores).ShouldHaveSingleItem().ShouldContain("FileStore");

    [Fact]
    public void A_fact_that_is_declared_again_is_named() =>
        Single([.. Whole, typeof(WeakeningTests)], Stores).ShouldContain($"{nameof(WeakeningTests)} declares {nameof(StoreConformance.A_value_is_read_back)} again");

    [Fact]
    public void A_class_that_does_not_say_what_it_tests_is_named() =>
        Single([.. Whole, typeof(SilentTests)], Stores).ShouldContain($"{nameof(SilentTests)} does not say what it tests");

    [Fact]
    public void A_class_that_says_it_tests_something_else_is_named() =>
        Single([.. Whole, typeof(LyingTests)], Stores).ShouldContain($"{nameof(LyingTests)} says it tests");

    [Fact]
    public void A_class_that_the_runner_does_not_see_is_named() =>
        Single([.. Whole, typeof(HiddenTests)], Stores).ShouldContain("is not public");

    [Fact]
    public void A_suite_without_facts_and_a_stale_exemption_are_named()
    {
        var holes = ConformanceCompleteness.FindHoles([typeof(EmptyConformance), typeof(EmptyTests)], [typeof(Unrelated)]);

        holes.ShouldContain(hole => hole.Contains("has no facts", StringComparison.Ordinal));
        holes.ShouldContain(hole => hole.Contains($"exempts {typeof(Unrelated).FullName}", StringComparison.Ordinal));
        holes.Count.ShouldBe(2);
    }

    [Fact]
    public void An_assembly_without_any_suite_is_a_failure_and_the_failure_lists_all_holes()
    {
        var error = Should.Throw<ConformanceException>(() => ConformanceCompleteness.Check(typeof(StoreBase).Assembly, typeof(StoreBase).Assembly));

        error.Message.ShouldContain(nameof(SilentTests));
        error.Message.ShouldContain(nameof(HiddenTests));
        ConformanceCompleteness.FindHoles([typeof(Unrelated)], []).ShouldHaveSingleItem();
    }

    [SuppressMessage("Performance", "CA1859", Justification = "The method under test takes what it takes.")]
    private static string Single(IReadOnlyCollection<Type> tests, IReadOnlyCollection<Type> products) => ConformanceCompleteness.FindHoles(tests, products).ShouldHaveSingleItem();
}
