namespace Resilience.Sse;

/// <summary>
/// Where an event gets its place in the sequence and where an order to connections takes effect: the seam between one node and several. Whatever the application
/// publishes or orders goes through it, and in no other way into the hub or to a connection. Thread-safe.
/// </summary>
/// <remarks>
/// An implementation over several nodes must keep three promises. A frame is appended to the hub of every node in the order of the one sequence. An id means the same
/// event on every node. When <see cref="ExecuteAsync"/> has returned, the order has taken effect on every node that could be reached.
/// </remarks>
internal interface ISseBackplane
{
    /// <summary>The newest position that readers of this node may look at.</summary>
    SseEventId Position { get; }

    /// <summary>Gives an event its place and has it delivered. A repeated <see cref="SseMessage.DeduplicationId"/> gives the first one's id and delivers nothing.</summary>
    /// <param name="channel">The channel; validated.</param>
    /// <param name="message">The event; validated.</param>
    /// <param name="cancellationToken">Ends the wait; whether the event was taken is then unknown.</param>
    ValueTask<SseEventId> AppendAsync(string channel, SseMessage message, CancellationToken cancellationToken);

    /// <summary>Carries out an order; returns how many connections it changed.</summary>
    ValueTask<int> ExecuteAsync(SseCommand command, CancellationToken cancellationToken);
}
