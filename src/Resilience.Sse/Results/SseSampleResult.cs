using System.Text.Json.Serialization.Metadata;

namespace Resilience.Sse;

/// <summary>A stream of samples of a value. Made by <see cref="SseResults"/>. Belongs to one request.</summary>
public sealed class SseSampleResult<T> : SseResult
{
    private static readonly TimeSpan MinPeriod = TimeSpan.FromMilliseconds(10);

    private readonly JsonTypeInfo<T>? _typeInfo;

    internal SseSampleResult(TimeSpan period, Func<CancellationToken, ValueTask<T>> sample, string? eventType, JsonTypeInfo<T>? typeInfo)
    {
        if (period < MinPeriod || period > TimeSpan.FromHours(24))
        {
            throw new ArgumentOutOfRangeException(nameof(period), period, $"The period is {period}; set it between 10 ms and 24 h.");
        }

        Period = period;
        SampleAsync = sample;
        EventType = eventType;
        _typeInfo = typeInfo;
    }

    /// <summary>The time between two samples.</summary>
    public TimeSpan Period { get; }

    /// <summary>Takes a sample.</summary>
    public Func<CancellationToken, ValueTask<T>> SampleAsync { get; }

    /// <summary>The event type; null for the default.</summary>
    public string? EventType { get; }

    /// <summary>Marks the connection, for <see cref="SseTarget.Tag"/>.</summary>
    public SseSampleResult<T> WithTag(string tag)
    {
        AddTag(tag);
        return this;
    }

    internal override SseSource CreateSource(SseNode node, SseConnection connection, IServiceProvider services)
    {
        var payloads = new PayloadEncoder<T>(node.Options, services, _typeInfo);
        return new ProducerSource(node, connection, async (sink, ct) =>
        {
            while (true)
            {
                var value = await SampleAsync(ct).ConfigureAwait(Systematic.KeepContext);
                await sink.WriteAsync(payloads.Encode(null, null, EventType, value), ct).ConfigureAwait(Systematic.KeepContext);
                await sink.WhenEmptyAsync(ct).ConfigureAwait(Systematic.KeepContext);
                await Task.Delay(Period, node.Clock.Time, ct).ConfigureAwait(Systematic.KeepContext);
            }
        });
    }
}
