using System.Net.ServerSentEvents;
using System.Text.Json.Serialization.Metadata;

namespace Resilience.Sse;

/// <summary>Makes the results of SSE endpoints. Stateless; results can be looked at in tests without a server.</summary>
public static class SseResults
{
    /// <summary>The events of some channels, from the client's <c>Last-Event-ID</c> on, or from now.</summary>
    /// <param name="channels">The channels; the caller has decided that this client may read them. None is allowed: channels can be added to the open stream.</param>
    /// <exception cref="ArgumentException">A name is empty or longer than 200 characters.</exception>
    public static SseSubscribeResult Subscribe(params string[] channels)
    {
        ArgumentNullException.ThrowIfNull(channels);
        return new SseSubscribeResult([.. channels]);
    }

    /// <inheritdoc cref="Subscribe(string[])"/>
    public static SseSubscribeResult Subscribe(IEnumerable<string> channels)
    {
        ArgumentNullException.ThrowIfNull(channels);
        return new SseSubscribeResult([.. channels]);
    }

    /// <summary>What a producer of this connection's own yields: strings as they are, other items as JSON.</summary>
    /// <param name="source">Starts the producer; called again after a failure. Its token ends with the stream.</param>
    /// <param name="eventType">The event type of the items; null for the default.</param>
    public static SseStreamResult<T> Stream<T>(Func<CancellationToken, IAsyncEnumerable<T>> source, string? eventType = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        SseEncoder.ValidateEventType(eventType);
        return new SseStreamResult<T>(source, eventType, null);
    }

    /// <summary>What a producer of this connection's own yields, as JSON by generated metadata.</summary>
    /// <inheritdoc cref="Stream{T}(Func{CancellationToken, IAsyncEnumerable{T}}, string?)"/>
    public static SseStreamResult<T> Stream<T>(Func<CancellationToken, IAsyncEnumerable<T>> source, JsonTypeInfo<T> typeInfo, string? eventType = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(typeInfo);
        SseEncoder.ValidateEventType(eventType);
        return new SseStreamResult<T>(source, eventType, typeInfo);
    }

    /// <summary>What a producer of this connection's own yields, each item with its own event type, id and reconnection time.</summary>
    /// <inheritdoc cref="Stream{T}(Func{CancellationToken, IAsyncEnumerable{T}}, string?)"/>
    public static SseItemStreamResult<T> Stream<T>(Func<CancellationToken, IAsyncEnumerable<SseItem<T>>> source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return new SseItemStreamResult<T>(source);
    }

    /// <summary>A value taken again and again. The next sample is taken only when the last one has left, so a slow client gets fewer and newer ones.</summary>
    /// <param name="period">The time between two samples; 10 ms to 24 h.</param>
    /// <param name="sample">Takes a sample.</param>
    /// <param name="eventType">The event type; null for the default.</param>
    public static SseSampleResult<T> Sample<T>(TimeSpan period, Func<CancellationToken, ValueTask<T>> sample, string? eventType = null)
    {
        ArgumentNullException.ThrowIfNull(sample);
        SseEncoder.ValidateEventType(eventType);
        return new SseSampleResult<T>(period, sample, eventType, null);
    }

    /// <summary>A value taken again and again, as JSON by generated metadata.</summary>
    /// <inheritdoc cref="Sample{T}(TimeSpan, Func{CancellationToken, ValueTask{T}}, string?)"/>
    public static SseSampleResult<T> Sample<T>(
        TimeSpan period, Func<CancellationToken, ValueTask<T>> sample, JsonTypeInfo<T> typeInfo, string? eventType = null)
    {
        ArgumentNullException.ThrowIfNull(sample);
        ArgumentNullException.ThrowIfNull(typeInfo);
        SseEncoder.ValidateEventType(eventType);
        return new SseSampleResult<T>(period, sample, eventType, typeInfo);
    }
}
