using System.Collections.Frozen;
using System.Threading.Channels;
using Resilience.Shared;

namespace Resilience.Queues;

/// <summary>
/// Counts appends and trims. A trigger is a place in a channel with one place for each stream: triggers that meet are one, and writing never fails or waits.
/// Thread-safe; there is no lock.
/// </summary>
internal sealed class StreamTrimmer : IStreamTrimmer
{
    private static readonly TimeSpan QuietAfterLoss = TimeSpan.FromMinutes(1);

    private readonly IStreamTrimStore _store;
    private readonly StreamTrimmerOptions _options;
    private readonly FrozenDictionary<string, TrackedStream> _streams;
    private readonly StreamFamily[] _families;
    private readonly Channel<TrackedStream> _triggers;
    private readonly TrimmerMonitor _monitor;
    private readonly long _seed;
    private int _warned;

    public StreamTrimmer(IStreamTrimStore store, StreamTrimmerOptions options, TrimmerMonitor monitor, Random random)
    {
        _store = store;
        _options = options;
        _monitor = monitor;
        _seed = random.NextInt64();
        _streams = options.Streams.ToFrozenDictionary(
            static stream => stream.Key,
            stream => Create(stream.Key, stream.Value, family: null),
            StringComparer.Ordinal);

        // The longest prefix first: it is the one that counts.
        _families =
        [
            .. options.Families.OrderByDescending(static family => family.Key.Length)
                .Select(family => new StreamFamily(family.Key, family.Value, options.MaxStreamsPerFamily)),
        ];
        monitor.Track([.. _streams.Values], _families);

        // One place for each stream; the channel takes memory for those that are in it only.
        var places = _streams.Count + ((long)_families.Length * options.MaxStreamsPerFamily);
        _triggers = Channel.CreateBounded<TrackedStream>(new BoundedChannelOptions((int)Math.Clamp(places, 1, int.MaxValue)));
    }

    public TrimmerMonitor Monitor => _monitor;

    public void NotifyAppended(string key)
    {
        var stream = Find(key);
        if (stream is null)
        {
            WarnOnce(key);
        }
        else if (stream.Count())
        {
            Trigger(stream);
        }
    }

    public async ValueTask<TrimResult> TrimAsync(string key, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        return Find(key) is { } stream
            ? await TrimAsync(stream, cancellationToken).ConfigureAwait(Systematic.KeepContext)
            : throw new ArgumentException($"The stream '{key}' is not registered; register it with AddStream or AddFamily, or raise MaxStreamsPerFamily.", nameof(key));
    }

    /// <summary>Trims what is triggered, one after the other, until the host stops.</summary>
    internal async Task RunTriggersAsync(CancellationToken stoppingToken)
    {
        var reader = _triggers.Reader;
        while (await WaitToReadAsync(reader, stoppingToken).ConfigureAwait(Systematic.KeepContext))
        {
            while (!stoppingToken.IsCancellationRequested && reader.TryRead(out var stream))
            {
                // Before the trim: an append that comes during it triggers the next.
                stream.ClearPending();
                await TryTrimAsync(stream, stoppingToken).ConfigureAwait(Systematic.KeepContext);
            }
        }
    }

    /// <summary>Trims every stream once and measures the server.</summary>
    internal async Task RunIntervalAsync(CancellationToken stoppingToken)
    {
        foreach (var stream in _streams.Values.Concat(_families.SelectMany(static family => family.Members)))
        {
            await TryTrimAsync(stream, stoppingToken).ConfigureAwait(Systematic.KeepContext);
        }

#pragma warning disable CA1031 // Whatever the store throws, the next interval may succeed.
        try
        {
            _monitor.Measured(await _store.GetMemoryAsync(stoppingToken).ConfigureAwait(Systematic.KeepContext), QuietAfterLoss);
        }
        catch (Exception error)
        {
            Failed(null, error, stoppingToken);
        }
#pragma warning restore CA1031
    }

    private static async ValueTask<bool> WaitToReadAsync(ChannelReader<TrackedStream> reader, CancellationToken stoppingToken)
    {
        try
        {
            return await reader.WaitToReadAsync(stoppingToken).ConfigureAwait(Systematic.KeepContext);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private TrackedStream? Find(string key)
    {
        if (_streams.TryGetValue(key, out var stream))
        {
            return stream;
        }

        foreach (var family in _families)
        {
            if (key.StartsWith(family.Prefix, StringComparison.Ordinal))
            {
                return family.TryGet(key, out stream) ? stream : family.Join(key, (joined, name) => Create(name, joined.Retention, joined));
            }
        }

        return null;
    }

    // Each stream counts from a place of its own, and so does each node.
    private TrackedStream Create(string key, StreamRetention retention, StreamFamily? family) =>
        new(key, retention, _options.AppendsPerTrim, _options.Sampling, _seed + string.GetHashCode(key, StringComparison.Ordinal), family);

    private void Trigger(TrackedStream stream)
    {
        Systematic.Interleave("trimmer.trigger");
        if (stream.TryMakePending() && !_triggers.Writer.TryWrite(stream))
        {
            stream.ClearPending();
        }
    }

    private async Task TryTrimAsync(TrackedStream stream, CancellationToken stoppingToken)
    {
#pragma warning disable CA1031 // Whatever the store throws, the next trim may succeed; one stream's trouble must not stop the others.
        try
        {
            await TrimAsync(stream, stoppingToken).ConfigureAwait(Systematic.KeepContext);
        }
        catch (Exception error)
        {
            Failed(stream, error, stoppingToken);
        }
#pragma warning restore CA1031
    }

    private void Failed(TrackedStream? stream, Exception error, CancellationToken stoppingToken)
    {
        if (!stoppingToken.IsCancellationRequested)
        {
            Telling.Guard(() => _monitor.StoreFailed(stream, error));
        }
    }

    private async ValueTask<TrimResult> TrimAsync(TrackedStream stream, CancellationToken cancellationToken)
    {
        var request = new TrimRequest(stream.Key, stream.Retention, _options.MaxEntriesPerTrim);
        var result = await _store.TrimAsync(request, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        _monitor.Trimmed(stream, result);
        if (result.Status == TrimStatus.Missing)
        {
            // An append that comes meanwhile lets it join again.
            stream.Family?.Leave(stream);
        }

        return result;
    }

    private void WarnOnce(string key)
    {
        if (Interlocked.Exchange(ref _warned, 1) == 0)
        {
            _monitor.UnknownStream(key);
        }
    }
}
