namespace Resilience.Queues;

/// <summary>What a store is told about its queue.</summary>
/// <param name="Name">The name of the queue.</param>
/// <param name="Options">The options, validated.</param>
/// <param name="TimeProvider">The clock of the process; a store with a clock of its own uses it for waiting only.</param>
public sealed record DelayedQueueContext(string Name, DelayedQueueOptions Options, TimeProvider TimeProvider);
