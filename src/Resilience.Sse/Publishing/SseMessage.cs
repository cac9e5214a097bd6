namespace Resilience.Sse;

/// <summary>What is published: an event type and a payload of UTF-8 text. Immutable; the payload must not be changed until the publication has returned.</summary>
public readonly struct SseMessage
{
    private SseMessage(ReadOnlyMemory<byte> data, string? eventType)
    {
        Data = data;
        EventType = eventType;
    }

    /// <summary>The payload, UTF-8. Line feeds are carried; a carriage return cannot be and is refused by the publisher.</summary>
    public ReadOnlyMemory<byte> Data { get; }

    /// <summary>The event type; null lets the client see its default, <c>message</c>.</summary>
    public string? EventType { get; }

    /// <summary>
    /// A name for the publication, unique within its channel, for publishers that repeat themselves after a failure: a second publication with the same name is
    /// not sent again and answers with the id of the first. Remembered for a bounded time, see <see cref="SseManagerOptions.DeduplicationCapacity"/>.
    /// </summary>
    public string? DeduplicationId { get; init; }

    /// <summary>A message of UTF-8 bytes, sent as they are.</summary>
    public static SseMessage FromUtf8(ReadOnlyMemory<byte> data, string? eventType = null) => new(data, eventType);

    /// <summary>A message of text.</summary>
    /// <exception cref="ArgumentException">The text has a lone surrogate, which UTF-8 cannot carry.</exception>
    public static SseMessage FromText(string data, string? eventType = null)
    {
        ArgumentNullException.ThrowIfNull(data);
        return new SseMessage(SseEncoder.Utf8.GetBytes(data), eventType);
    }
}
