using System.Runtime.CompilerServices;

namespace Resilience.Queues;

/// <summary>Counts the appends of one stream and says when to trim. Lock-free.</summary>
internal sealed class TrackedStream(string key, StreamRetention retention, int appendsPerTrim, TrimSampling sampling, long seed, StreamFamily? family = null)
{
    private readonly ulong _threshold = ulong.MaxValue / (ulong)appendsPerTrim;

    // A random start: nodes that count alike would trim alike.
    private long _appends = sampling == TrimSampling.Counter ? (seed & long.MaxValue) % appendsPerTrim : 0;
    private int _pending;
    private StrongBox<TrimResult>? _last;

    public string Key { get; } = key;

    public StreamRetention Retention { get; } = retention;

    /// <summary>The family that it joined, or null for a stream that is registered by its key.</summary>
    public StreamFamily? Family { get; } = family;

    /// <summary>The name in metrics, alerts and logs: one that the application registered.</summary>
    public string Name => Family?.Name ?? Key;

    /// <summary>What the last trim saw. Boxed, so that a reader never sees half of it.</summary>
    public TrimResult? Last
    {
        get => Volatile.Read(ref _last)?.Value;
        set => Volatile.Write(ref _last, value is { } result ? new StrongBox<TrimResult>(result) : null);
    }

    /// <summary>Counts an append; true for the one that should trigger a trim. Each count is seen by one caller, so none is lost and none counts twice.</summary>
    public bool Count()
    {
        var appends = Interlocked.Increment(ref _appends);
        return sampling == TrimSampling.Counter ? appends % appendsPerTrim == 0 : Mix((ulong)appends + (ulong)seed) <= _threshold;
    }

    /// <summary>True for the caller that makes it pending; others need not ask again.</summary>
    public bool TryMakePending() => Interlocked.Exchange(ref _pending, 1) == 0;

    public void ClearPending() => Volatile.Write(ref _pending, 0);

    /// <summary>The finaliser of SplitMix64: evenly spread numbers from a counter, without a shared generator.</summary>
    private static ulong Mix(ulong value)
    {
        value *= 0x9E3779B97F4A7C15;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
