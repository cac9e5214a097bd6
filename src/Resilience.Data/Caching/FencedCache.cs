using Microsoft.Extensions.Caching.Hybrid;

namespace Resilience.Data;

/// <summary>
/// A <see cref="HybridCache"/> in which a value that was loaded before an invalidation can never be stored after it, with two more methods: many keys at once, and
/// a write around a commit.
/// </summary>
/// <remarks>
/// Thread-safe. After an invalidation has returned, no read that starts later on this node gives an older value; other nodes follow by message, at the latest when
/// their local entry ends (<see cref="FencedCacheOptions.LocalTtl"/>). Entry flags, registered serializers and the rule for mutable types (each caller gets a copy
/// unless the type is known to be immutable) are those of the stock implementation. See docs/data.md.
/// </remarks>
public abstract class FencedCache : HybridCache
{
    /// <summary>Gets many values: one look at the shared level for those that are not here, one load for those that are nowhere.</summary>
    /// <typeparam name="TKey">Type of the application's key.</typeparam>
    /// <typeparam name="TValue">Type of the value.</typeparam>
    /// <param name="keys">The keys; repeated ones count once.</param>
    /// <param name="toKey">Makes the cache's key of a key; different keys must give different texts.</param>
    /// <param name="loadMissing">Loads what is nowhere; a key that it leaves out is remembered as missing for a short time.</param>
    /// <param name="options">Options of the entries, or null.</param>
    /// <param name="tags">Tags of the entries, or null.</param>
    /// <param name="cancellationToken">Ends this caller's wait; the load is cancelled when every caller that waits for it has left.</param>
    /// <returns>The values that exist.</returns>
    public abstract ValueTask<IReadOnlyDictionary<TKey, TValue>> GetOrCreateManyAsync<TKey, TValue>(
        IReadOnlyCollection<TKey> keys,
        Func<TKey, string> toKey,
        Func<IReadOnlyList<TKey>, CancellationToken, ValueTask<IReadOnlyDictionary<TKey, TValue>>> loadMissing,
        HybridCacheEntryOptions? options = null,
        IEnumerable<string>? tags = null,
        CancellationToken cancellationToken = default)
        where TKey : notnull;

    /// <summary>
    /// Begins a write: until the result is disposed nothing with these keys and tags is stored. Begin it before the commit and dispose it after. When the process dies
    /// in between, the mark ends by itself and the next load reads whichever state won.
    /// </summary>
    /// <param name="keys">Keys whose values the write changes.</param>
    /// <param name="tags">Tags whose values the write changes.</param>
    /// <param name="cancellationToken">Cancels the beginning.</param>
    /// <returns>Dispose it after the commit, also when that failed: that invalidates. Neither throws because the shared level is down.</returns>
    public abstract ValueTask<IAsyncDisposable> BeginWriteAsync(
        IReadOnlyCollection<string> keys, IReadOnlyCollection<string>? tags = null, CancellationToken cancellationToken = default);
}
