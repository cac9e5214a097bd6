using System.Text.Json.Serialization.Metadata;

namespace Resilience.Sse;

/// <summary>A stream of what a producer yields. Made by <see cref="SseResults"/>. Belongs to one request.</summary>
public sealed class SseStreamResult<T> : SseResult
{
    private readonly JsonTypeInfo<T>? _typeInfo;

    internal SseStreamResult(Func<CancellationToken, IAsyncEnumerable<T>> source, string? eventType, JsonTypeInfo<T>? typeInfo)
    {
        Source = source;
        EventType = eventType;
        _typeInfo = typeInfo;
    }

    /// <summary>Starts the producer.</summary>
    public Func<CancellationToken, IAsyncEnumerable<T>> Source { get; }

    /// <summary>The event type of the items; null for the default.</summary>
    public string? EventType { get; }

    /// <summary>Marks the connection, for <see cref="SseTarget.Tag"/>.</summary>
    public SseStreamResult<T> WithTag(string tag)
    {
        AddTag(tag);
        return this;
    }

    internal override SseSource CreateSource(SseNode node, SseConnection connection, IServiceProvider services)
    {
        var payloads = new PayloadEncoder<T>(node.Options, services, _typeInfo);
        return new ProducerSource(node, connection, async (sink, ct) =>
        {
            await foreach (var item in Source(ct).WithCancellation(ct).ConfigureAwait(Systematic.KeepContext))
            {
                await sink.WriteAsync(payloads.Encode(null, null, EventType, item), ct).ConfigureAwait(Systematic.KeepContext);
            }
        });
    }
}
