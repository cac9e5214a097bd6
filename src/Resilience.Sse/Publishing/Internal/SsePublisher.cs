using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Resilience.Sse;

/// <summary>Validates and encodes on the caller's thread, then appends. Thread-safe.</summary>
internal sealed class SsePublisher(SseNode node, IServiceProvider services) : ISsePublisher
{
    public SseEventId Position => node.Hub.Position;

    public ValueTask<SseEventId> PublishAsync(string channel, SseMessage message, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        SseChannels.Validate(channel);
        SseEncoder.ValidateEventType(message.EventType);
        SseEncoder.ValidateData(message.Data.Span, node.Options.MaxEventBytes);
        if (message.DeduplicationId is { Length: 0 or > 200 } id)
        {
            throw new ArgumentException($"The deduplication id has {id.Length} characters; give it 1 to 200, or null.", nameof(message));
        }

        var frame = SseFrame.Encode(node.Hub.Epoch.IdPrefix.Length, message.EventType, message.Data.Span);
        var position = node.Hub.Append(channel, frame, message.DeduplicationId, out var duplicate);
        if (!duplicate)
        {
            node.CountPublished();
        }

        return new ValueTask<SseEventId>(position);
    }

    public ValueTask<SseEventId> PublishAsync(string channel, string data, string? eventType = null, CancellationToken cancellationToken = default) =>
        PublishAsync(channel, SseMessage.FromText(data, eventType), cancellationToken);

    public ValueTask<SseEventId> PublishAsync<T>(string channel, T payload, string? eventType = null, CancellationToken cancellationToken = default) =>
        PublishAsync(channel, payload, JsonMetadata.Get<T>(node.Options, services), eventType, cancellationToken);

    public ValueTask<SseEventId> PublishAsync<T>(
        string channel, T payload, JsonTypeInfo<T> typeInfo, string? eventType = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(typeInfo);
        return PublishAsync(channel, SseMessage.FromUtf8(JsonSerializer.SerializeToUtf8Bytes(payload, typeInfo), eventType), cancellationToken);
    }
}
