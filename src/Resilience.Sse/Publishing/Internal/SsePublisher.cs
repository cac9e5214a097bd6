using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Resilience.Sse;

/// <summary>Validates on the caller's thread, then hands over to the backplane. Thread-safe.</summary>
internal sealed class SsePublisher(SseNode node, ISseBackplane backplane, IServiceProvider services) : ISsePublisher
{
    public SseEventId Position => backplane.Position;

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

        return backplane.AppendAsync(channel, message, cancellationToken);
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
