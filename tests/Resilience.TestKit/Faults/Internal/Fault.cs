namespace Resilience.TestKit.Faults.Internal;

/// <summary>One entry of a script.</summary>
internal readonly record struct Fault(FaultKind Kind, Func<Exception>? Error)
{
    public static Fault None { get; } = new(FaultKind.Pass, null);
}
