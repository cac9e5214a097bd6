using Microsoft.Extensions.Options;
using Resilience.Shared;

namespace Resilience.Queues;

/// <summary>How an append is chosen to trigger a trim.</summary>
public enum TrimSampling
{
    /// <summary>Every n-th append of the process, from a random start, so that nodes do not trim together.</summary>
    Counter,

    /// <summary>Each append with a chance of 1 in n; long gaps happen.</summary>
    Random,
}

/// <summary>Options of the stream trimmer. Read once, when it is first used.</summary>
public sealed class StreamTrimmerOptions
{
    private readonly Dictionary<string, StreamRetention> _streams = new(StringComparer.Ordinal);
    private readonly Dictionary<string, StreamRetention> _families = new(StringComparer.Ordinal);

    /// <summary>About how many appends there are to one trim.</summary>
    /// <value>1 to 1,000,000; 100 by default.</value>
    [Bounds(1, 1_000_000)]
    public int AppendsPerTrim { get; set; } = 100;

    /// <summary>How appends are chosen.</summary>
    /// <value><see cref="TrimSampling.Counter"/> by default.</value>
    public TrimSampling Sampling { get; set; } = TrimSampling.Counter;

    /// <summary>When each stream is trimmed and measured although nobody appends; up to a fifth earlier, so that nodes do not meet.</summary>
    /// <value>100 ms to 24 h; 30 s by default.</value>
    [TimeSpanRange("00:00:00.100", "1.00:00:00")]
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Entries that one trim removes at most; a backlog goes with the next ones.</summary>
    /// <value>
    /// 1,000 to 1,000,000; 10,000 by default. Redis trims whole nodes of a stream (100 entries, by <c>stream-node-max-entries</c>) and does nothing at all when one is
    /// more than the limit.
    /// </value>
    [Bounds(1_000, 1_000_000)]
    public int MaxEntriesPerTrim { get; set; } = 10_000;

    /// <summary>Streams that a family holds at most; appends to further ones are ignored, counted and warned about once.</summary>
    /// <value>1 to 1,000,000; 10,000 by default.</value>
    [Bounds(1, 1_000_000)]
    public int MaxStreamsPerFamily { get; set; } = 10_000;

    /// <summary>The part of the server's maximum memory from which the alert is raised; a server without a maximum raises none.</summary>
    /// <value>0.01 to 1; 0.8 by default.</value>
    [Bounds(0.01, 1)]
    public double MemoryAlertThreshold { get; set; } = 0.8;

    /// <summary>The part of the server's maximum memory below which the alert is cleared; at most <see cref="MemoryAlertThreshold"/>.</summary>
    /// <value>0 to 1; 0.7 by default.</value>
    [Bounds(0, 1)]
    public double MemoryAlertClearThreshold { get; set; } = 0.7;

    /// <summary>Called when an alert is raised or cleared. It must not block; what it throws is logged.</summary>
    /// <value>None by default.</value>
    public Action<QueueAlert>? OnAlert { get; set; }

    internal IReadOnlyDictionary<string, StreamRetention> Streams => _streams;

    internal IReadOnlyDictionary<string, StreamRetention> Families => _families;

    /// <summary>Registers a stream. A second call for the same stream changes its retention.</summary>
    /// <param name="key">The key of the stream; also the value of the metrics' tag.</param>
    /// <param name="configure">Sets the retention.</param>
    /// <returns>These options.</returns>
    /// <exception cref="ArgumentException">The key is empty, or has a <c>}</c> that ends no hash tag, so that nothing could be kept beside it on a cluster.</exception>
    public StreamTrimmerOptions AddStream(string key, Action<StreamRetention>? configure = null) => Add(_streams, key, configure);

    /// <summary>
    /// Registers all streams whose key begins with a prefix, for streams that come and go while the application runs: one joins when its first append is notified, and
    /// leaves when its key is gone. A stream that is registered by its key, or by a longer prefix, follows that registration.
    /// </summary>
    /// <param name="prefix">The beginning of the keys; followed by <c>*</c>, also the value of the metrics' tag, whose figures are those of all streams together.</param>
    /// <param name="configure">Sets the retention of each stream.</param>
    /// <returns>These options.</returns>
    public StreamTrimmerOptions AddFamily(string prefix, Action<StreamRetention>? configure = null) => Add(_families, prefix, configure);

    private StreamTrimmerOptions Add(Dictionary<string, StreamRetention> registered, string key, Action<StreamRetention>? configure)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        if (key.Contains('}', StringComparison.Ordinal) && !HasHashTag(key))
        {
            throw new ArgumentException($"The stream '{key}' has a '}}' that ends no hash tag; name it without one, or with a tag such as '{{room:1}}:events'.", nameof(key));
        }

        if (!registered.TryGetValue(key, out var retention))
        {
            registered[key] = retention = new StreamRetention();
        }

        configure?.Invoke(retention);
        return this;
    }

    private static bool HasHashTag(string key)
    {
        var open = key.IndexOf('{', StringComparison.Ordinal);
        return open >= 0 && key.IndexOf('}', open) > open + 1;
    }
}

/// <summary>The limits of each option; generated from its attributes.</summary>
[OptionsValidator]
internal sealed partial class StreamTrimmerOptionsLimits : IValidateOptions<StreamTrimmerOptions>;

/// <summary>The rules between options, and those of each stream.</summary>
internal sealed class StreamTrimmerOptionsRules : IValidateOptions<StreamTrimmerOptions>
{
    public ValidateOptionsResult Validate(string? name, StreamTrimmerOptions options)
    {
        var failures = options.Streams.Concat(options.Families).SelectMany(static stream => stream.Value.Problems(stream.Key)).ToList();
        if (options.MemoryAlertClearThreshold > options.MemoryAlertThreshold)
        {
            failures.Add(
                $"MemoryAlertClearThreshold is {options.MemoryAlertClearThreshold} and MemoryAlertThreshold {options.MemoryAlertThreshold}; set MemoryAlertClearThreshold to at most MemoryAlertThreshold.");
        }

        if (!Enum.IsDefined(options.Sampling))
        {
            failures.Add($"Sampling is {options.Sampling}; set it to Counter or Random.");
        }

        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }
}
