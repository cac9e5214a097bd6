namespace Resilience.TestKit;

/// <summary>
/// Marks an abstract test class as the one place where the behaviour of an abstraction is stated. Its facts live here, and only here; for each implementation
/// there is one derived class that does nothing but create it, marked with <see cref="ConformsAttribute"/>.
/// </summary>
/// <example>
/// <code>
/// [ConformanceSuite(typeof(IQueueStore))]
/// public abstract class QueueStoreConformance
/// {
///     protected abstract IQueueStore Create();
///     [Fact] public void An_item_is_claimed_once() { ... }
/// }
///
/// [Conforms(typeof(MemoryQueueStore))]
/// public sealed class MemoryQueueStoreConformanceTests : QueueStoreConformance { protected override IQueueStore Create() =&gt; new MemoryQueueStore(); }
///
/// [Fact] public void Every_implementation_is_tested() =&gt; ConformanceCompleteness.Check(GetType().Assembly, typeof(MemoryQueueStore).Assembly);
/// </code>
/// </example>
/// <param name="abstraction">The interface or base class; an open generic for a generic one (<c>typeof(IQueue&lt;&gt;)</c>).</param>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class ConformanceSuiteAttribute(Type abstraction) : Attribute
{
    /// <summary>The abstraction whose implementations the suite is for.</summary>
    public Type Abstraction { get; } = abstraction;
}
