namespace Resilience.Queues;

/// <summary>Options of the store in memory.</summary>
/// <typeparam name="T">The type of the items.</typeparam>
public sealed class InMemoryQueueOptions<T>
{
    /// <summary>Tells the size of an item, for <see cref="DelayedQueueOptions.MaxPayloadBytes"/>. Called by the enqueuing thread.</summary>
    /// <value>None by default: bytes and text are measured (2 bytes a character), items of other types are not.</value>
    public Func<T, long>? SizeOf { get; set; }
}
