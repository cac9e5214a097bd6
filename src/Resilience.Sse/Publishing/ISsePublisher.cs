using System.Runtime.CompilerServices;
using System.Text.Json.Serialization.Metadata;

namespace Resilience.Sse;

/// <summary>
/// Publishes events to channels. Every client that is subscribed to the channel gets the event in the order of the sequence; a client that is away gets it when it
/// comes back, as long as the channel's history covers its absence.
/// </summary>
/// <remarks>
/// Thread-safe. A publication never waits for a client: it appends to the channel's log and returns. Events published one after the other are delivered in that
/// order; concurrent ones in the order of their ids, the same for all clients.
/// </remarks>
public interface ISsePublisher
{
    /// <summary>The position of the newest event. A page that reads a snapshot after reading this can subscribe from here and misses nothing.</summary>
    SseEventId Position { get; }

    /// <summary>Publishes a message.</summary>
    /// <param name="channel">The channel's name, 1 to 200 characters.</param>
    /// <param name="message">Event type and payload.</param>
    /// <param name="cancellationToken">Ends the wait for the backplane, if there is one.</param>
    /// <returns>The id of the event.</returns>
    /// <exception cref="ArgumentException">
    /// The channel's name is empty or too long; the event type has a line end or NUL; the payload is no valid UTF-8, has a carriage return, or is longer than
    /// <see cref="SseManagerOptions.MaxEventBytes"/>.
    /// </exception>
    [OverloadResolutionPriority(1)]
    ValueTask<SseEventId> PublishAsync(string channel, SseMessage message, CancellationToken cancellationToken = default);

    /// <summary>Publishes text as it is.</summary>
    /// <inheritdoc cref="PublishAsync(string, SseMessage, CancellationToken)"/>
    ValueTask<SseEventId> PublishAsync(string channel, string data, string? eventType = null, CancellationToken cancellationToken = default);

    /// <summary>Publishes an object as JSON, by <see cref="SseManagerOptions.SerializerOptions"/>.</summary>
    /// <exception cref="NotSupportedException">The serializer options have no metadata for <typeparamref name="T"/>.</exception>
    /// <inheritdoc cref="PublishAsync(string, SseMessage, CancellationToken)"/>
    ValueTask<SseEventId> PublishAsync<T>(string channel, T payload, string? eventType = null, CancellationToken cancellationToken = default);

    /// <summary>Publishes an object as JSON, by generated metadata.</summary>
    /// <inheritdoc cref="PublishAsync(string, SseMessage, CancellationToken)"/>
    ValueTask<SseEventId> PublishAsync<T>(
        string channel, T payload, JsonTypeInfo<T> typeInfo, string? eventType = null, CancellationToken cancellationToken = default);
}
