namespace Resilience.TestKit;

/// <summary>On a conformance suite: an implementation that is not meant to be tested by it (a decorator, a null object), and why.</summary>
/// <param name="implementation">The implementation; an open generic for a generic one.</param>
/// <param name="reason">Why it needs no suite.</param>
[AttributeUsage(AttributeTargets.Class, Inherited = false, AllowMultiple = true)]
public sealed class NotConformingAttribute(Type implementation, string reason) : Attribute
{
    /// <summary>The implementation.</summary>
    public Type Implementation { get; } = implementation;

    /// <summary>Why it needs no suite.</summary>
    public string Reason { get; } = reason;
}
