namespace Resilience.TestKit;

/// <summary>Says which implementation a class derived from a conformance suite tests. Several classes may test one implementation in different configurations.</summary>
/// <param name="implementation">The implementation; an open generic for a generic one.</param>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class ConformsAttribute(Type implementation) : Attribute
{
    /// <summary>The implementation.</summary>
    public Type Implementation { get; } = implementation;
}
