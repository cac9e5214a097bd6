using System.Security.Cryptography;
using Microsoft.Extensions.Caching.Hybrid;
using Resilience.Shared;

namespace Resilience.Data;

/// <summary>
/// Invalidation: first the shared level, then this node. The other way round, a load that begins in between would bring the old value of the shared level here.
/// </summary>
internal sealed partial class DefaultFencedCache
{
    public override async ValueTask SetAsync<T>(
        string key, T value, HybridCacheEntryOptions? options = null, IEnumerable<string>? tags = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (key.Length == 0 || key.Length > _options.MaxKeyLength)
        {
            return;
        }

        var settings = EntrySettings.Of(options, _options);
        _shared?.Lives(settings.Ttl);
        VoidLocally([key], []);
        var codec = _codecs.Of<T>();
        using var flight = new Flight<T>(new FlightKey(key, typeof(T), settings.Flags), tags is null ? [] : [.. tags.Distinct(StringComparer.Ordinal)], _fences.Now());
        var ticket = _shared is null ? Ticket.LocalOnly
            : settings.WritesShared ? await TicketAsync(flight).ConfigureAwait(Systematic.KeepContext)
            : Ticket.SharedOff;
        cancellationToken.ThrowIfCancellationRequested();
        await StoreAsync([(flight, Cached<T>.Of(value, codec), ticket)], codec, settings, _time.GetTimestamp()).ConfigureAwait(Systematic.KeepContext);
    }

    public override ValueTask RemoveAsync(string key, CancellationToken cancellationToken = default) => InvalidateAsync([key], [], null);

    public override ValueTask RemoveAsync(IEnumerable<string> keys, CancellationToken cancellationToken = default) => InvalidateAsync([.. keys], [], null);

    public override ValueTask RemoveByTagAsync(string tag, CancellationToken cancellationToken = default) => InvalidateAsync([], [tag], null);

    public override ValueTask RemoveByTagAsync(IEnumerable<string> tags, CancellationToken cancellationToken = default) => InvalidateAsync([], [.. tags], null);

    public override async ValueTask<IAsyncDisposable> BeginWriteAsync(
        IReadOnlyCollection<string> keys, IReadOnlyCollection<string>? tags = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(keys);
        ThrowIfAny(tags ?? []);
        cancellationToken.ThrowIfCancellationRequested();
        var write = new Write(this, [.. keys], tags is null ? [] : [.. tags], RandomNumberGenerator.GetHexString(32, lowercase: true));
        if (_shared is not null)
        {
            await _shared.BeginWriteAsync(write.Keys, write.Tags, write.Name).ConfigureAwait(Systematic.KeepContext);
        }

        Systematic.Interleave("cache.write");
        VoidLocally(write.Keys, write.Tags);
        return write;
    }

    ValueTask<IAsyncDisposable> ICommitFence.BeginWriteAsync(IReadOnlyCollection<string> keys, IReadOnlyCollection<string> tags, CancellationToken cancellationToken) =>
        BeginWriteAsync(keys, tags, cancellationToken);

    private async ValueTask InvalidateAsync(string[] keys, string[] tags, string? writer)
    {
        ThrowIfAny(tags);
        if (_shared is not null)
        {
            await _shared.InvalidateAsync(keys, tags, writer).ConfigureAwait(Systematic.KeepContext);
        }

        Systematic.Interleave("cache.invalidate");
        VoidLocally(keys, tags);
    }

    private static void ThrowIfAny(IReadOnlyCollection<string> tags)
    {
        if (tags.Contains("*", StringComparer.Ordinal))
        {
            throw new NotSupportedException("The tag '*' is not supported: give entries a tag of their own and remove that.");
        }
    }

    private void VoidLocally(IEnumerable<string> keys, IEnumerable<string> tags)
    {
        foreach (var key in keys)
        {
            lock (LockOf(key))
            {
                _fences.InvalidateKey(key);
                _entries.Remove(key);
                _negative.Remove(key);
            }
        }

        foreach (var tag in tags)
        {
            // Entries with the tag are found out when they are read; loads under way when they are joined or stored.
            _fences.InvalidateTag(tag);
        }
    }

    private void Hear(SharedInvalidation message)
    {
        if (message.IsReset)
        {
            _fences.InvalidateAll();
            _entries.Clear();
            _negative.Clear();
        }
        else
        {
            VoidLocally(message.Keys, message.Tags);
        }
    }

    private sealed class Write(DefaultFencedCache cache, string[] keys, string[] tags, string name) : IAsyncDisposable
    {
        private int _ended;

        public string[] Keys => keys;

        public string[] Tags => tags;

        public string Name => name;

        public ValueTask DisposeAsync() => Interlocked.Exchange(ref _ended, 1) == 0 ? cache.InvalidateAsync(keys, tags, name) : ValueTask.CompletedTask;
    }
}
