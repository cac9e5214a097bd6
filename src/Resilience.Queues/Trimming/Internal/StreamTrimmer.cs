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
    private readonly Channel<TrackedStream> _triggers;
    private readonly TrimmerMonitor _monitor;
    private int _warned;

    public StreamTrimmer(IStreamTrimStore store, StreamTrimmerOptions options, TrimmerMonitor monitor, Random random)
    {
        _store = store;
        _options = options;
        _monitor = monitor;
        _streams = options.Streams.ToFrozenDictionary(
            static stream => stream.Key,
            stream => monitor.Track(new TrackedStream(stream.Key, stream.Value, options.AppendsPerTrim, options.Sampling, random.NextInt64())),
            StringComparer.Ordinal);
        _triggers = Channel.CreateBounded<TrackedStream>(new BoundedChannelOptions(Math.Max(1, _streams.Count)));
    }

    public TrimmerMonitor Monitor => _monitor;

    public void NotifyAppended(string key)
    {
        if (!_streams.TryGetValue(key, out var stream))
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
        return _streams.TryGetValue(key, out var stream)
            ? await TrimAsync(stream, cancellationToken).ConfigureAwait(Systematic.KeepContext)
            : throw new ArgumentException($"The stream '{key}' is not registered; register it with AddStream.", nameof(key));
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
        foreach (var stream in _streams.Values)
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
