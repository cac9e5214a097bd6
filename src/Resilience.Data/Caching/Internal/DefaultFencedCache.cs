using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.Logging;
using Resilience.Shared;

namespace Resilience.Data;

/// <summary>
/// The cache. Thread-safe. A key's lock (one of 64) guards that its loads are joined and its entry is stored only when nothing invalidated it since the load began;
/// nothing is called or awaited under it. Reading an entry takes no lock.
/// </summary>
internal sealed partial class DefaultFencedCache : FencedCache, ICommitFence, IDisposable
{
    private readonly FencedCacheOptions _options;
    private readonly CacheCodecs _codecs;
    private readonly TimeProvider _time;
    private readonly Jitter _jitter;
    private readonly DataMetrics _metrics;
    private readonly ILogger _logger;
    private readonly SharedLink? _shared;
    private readonly IDisposable? _subscription;
    private readonly LocalStore _entries;
    private readonly LocalStore _negative;
    private readonly LocalFences _fences;
    private readonly ConcurrentDictionary<FlightKey, Flight> _flights = new();
    private readonly SemaphoreSlim _loads;
    private readonly AsyncLocal<LoadPlace?> _place = new();
    private readonly Lock[] _locks = [.. Enumerable.Range(0, 64).Select(static _ => new Lock())];

    public DefaultFencedCache(
        FencedCacheOptions options, ISharedCacheStore? store, CacheCodecs codecs, TimeProvider time, Jitter jitter, DataMetrics metrics, ILogger logger)
    {
        _options = options;
        _codecs = codecs;
        _time = time;
        _jitter = jitter;
        _metrics = metrics;
        _logger = logger;
        _entries = new LocalStore(options.LocalEntries);
        _negative = new LocalStore(options.NegativeEntries);
        _fences = new LocalFences(Math.Max(1_000, 4 * options.LocalEntries));
        _loads = new SemaphoreSlim(options.MaxConcurrentLoads);
        if (store is not null)
        {
            _shared = new SharedLink(store, options, time, metrics, logger);
            _subscription = store.Subscribe(Hear);
        }
    }

    /// <summary>Gets the number of entries of this node, for tests.</summary>
    internal int LocalCount => _entries.Count + _negative.Count;

    public override ValueTask<T> GetOrCreateAsync<TState, T>(
        string key,
        TState state,
        Func<TState, CancellationToken, ValueTask<T>> factory,
        HybridCacheEntryOptions? options = null,
        IEnumerable<string>? tags = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(factory);
        var settings = EntrySettings.Of(options, _options);
        return settings.ReadsLocal && TryGetLocal<T>(key, out var value)
            ? new ValueTask<T>(value)
            : MissAsync(key, state, factory, settings, tags, cancellationToken);
    }

    public override ValueTask<T> GetOrCreateAsync<TState, T>(
        ReadOnlySpan<char> key,
        TState state,
        Func<TState, CancellationToken, ValueTask<T>> factory,
        HybridCacheEntryOptions? options = null,
        IEnumerable<string>? tags = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(factory);
        var settings = EntrySettings.Of(options, _options);
        if (settings.ReadsLocal
            && ((_entries.TryGet(key, out var entry) && TryUse(entry, out T? value)) || (_negative.TryGet(key, out entry) && TryUse(entry, out value))))
        {
            _metrics.CacheRequests("local", 1);
            return new ValueTask<T>(value!);
        }

        return MissAsync(key.ToString(), state, factory, settings, tags, cancellationToken);
    }

    public void Dispose()
    {
        _subscription?.Dispose();
        _shared?.Dispose();
        _loads.Dispose();
    }

    private bool TryGetLocal<T>(string key, [MaybeNullWhen(false)] out T value)
    {
        if ((_entries.TryGet(key, out var entry) && TryUse(entry, out value)) || (_negative.TryGet(key, out entry) && TryUse(entry, out value)))
        {
            _metrics.CacheRequests("local", 1);
            return true;
        }

        value = default;
        return false;
    }

    private bool TryUse<T>(LocalEntry entry, [MaybeNullWhen(false)] out T value)
    {
        if (entry is LocalEntry<T> typed && IsFresh(typed))
        {
            typed.Use();
            value = typed.Cached.Get()!;
            return true;
        }

        value = default;
        return false;
    }

    private bool IsFresh(LocalEntry entry) => entry.Ends > _time.GetTimestamp() && !_fences.AreTagsVoid(entry.Began, entry.Tags);

    private async ValueTask<T> MissAsync<TState, T>(
        string key, TState state, Func<TState, CancellationToken, ValueTask<T>> factory, EntrySettings settings, IEnumerable<string>? tags, CancellationToken cancellationToken)
    {
        if (key.Length == 0 || key.Length > _options.MaxKeyLength)
        {
            return settings.Loads ? await factory(state, cancellationToken).ConfigureAwait(Systematic.KeepContext) : default!;
        }

        cancellationToken.ThrowIfCancellationRequested();
        Systematic.Interleave("cache.miss");
        var (flight, isNew) = Join<T>(key, settings.Flags, tags);
        if (isNew)
        {
            _ = Systematic.Start(() => RunAsync(flight, token => factory(state, token), settings));
        }

        return (await AwaitAsync(flight, cancellationToken).ConfigureAwait(Systematic.KeepContext)).Get()!;
    }

    private Lock LockOf(string key) => _locks[(uint)key.GetHashCode(StringComparison.Ordinal) % (uint)_locks.Length];
}
