namespace Resilience.TestKit.Systematic.Internal;

/// <summary>Something that can run next: a continuation that was posted, or a thread that is parked at an interleaving point.</summary>
internal readonly record struct Strand(LogicalTask Task, long Sequence, SendOrPostCallback? Callback, object? State, Worker? Parked);
