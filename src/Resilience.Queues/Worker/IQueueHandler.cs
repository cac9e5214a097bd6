namespace Resilience.Queues;

/// <summary>
/// Handles messages, at least once each: a handler whose lease ran out, or whose process died, is followed by another for the same message. Make it idempotent.
/// Each delivery has a scope of its own; a handler that is registered as a singleton is called for several messages at the same time.
/// </summary>
/// <typeparam name="T">The type of the items.</typeparam>
public interface IQueueHandler<in T>
{
    /// <summary>Handles one message. Returning acknowledges it; an exception fails it.</summary>
    /// <param name="item">The item.</param>
    /// <param name="context">What is known about this delivery.</param>
    /// <param name="leaseLost">Cancelled when the lease is lost, so that another worker may have the message, and when the time to drain is over.</param>
    /// <returns>When it is done.</returns>
    Task HandleAsync(T item, DeliveryContext context, CancellationToken leaseLost);
}
