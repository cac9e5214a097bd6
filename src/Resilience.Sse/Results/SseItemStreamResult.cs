using System.Net.ServerSentEvents;

namespace Resilience.Sse;

/// <summary>A stream of items that carry their own event type, id and reconnection time. Made by <see cref="SseResults"/>. Belongs to one request.</summary>
public sealed class SseItemStreamResult<T> : SseResult
{
    internal SseItemStreamResult(Func<CancellationToken, IAsyncEnumerable<SseItem<T>>> source) => Source = source;

    /// <summary>Starts the producer.</summary>
    public Func<CancellationToken, IAsyncEnumerable<SseItem<T>>> Source { get; }

    /// <summary>Marks the connection, for <see cref="SseTarget.Tag"/>.</summary>
    public SseItemStreamResult<T> WithTag(string tag)
    {
        AddTag(tag);
        return this;
    }

    internal override SseSource CreateSource(SseNode node, SseConnection connection, IServiceProvider services)
    {
        var payloads = new PayloadEncoder<T>(node.Options, services, null);
        return new ProducerSource(node, connection, async (sink, ct) =>
        {
            await foreach (var item in Source(ct).WithCancellation(ct).ConfigureAwait(Systematic.KeepContext))
            {
                // An item without a type says "message", which is what a client assumes anyway.
                var type = item.EventType == "message" ? null : item.EventType;
                var retry = item.ReconnectionInterval is { } interval ? (int?)Math.Min(int.MaxValue, interval.TotalMilliseconds) : null;
                await sink.WriteAsync(payloads.Encode(item.EventId, retry, type, item.Data), ct).ConfigureAwait(Systematic.KeepContext);
            }
        });
    }
}
