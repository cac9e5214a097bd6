namespace Resilience.Data;

/// <summary>
/// Turns many loads of one key into few loads of many keys: loads that are started together, before any is awaited, go to the database as one.
/// </summary>
/// <typeparam name="TKey">Type of the key; compared by its default equality.</typeparam>
/// <typeparam name="TValue">Type of the value.</typeparam>
/// <remarks>
/// Scoped: loads of different scopes, and so of different users or tenants, never share a batch. Thread-safe. Nothing is cached: a key that is loaded again later
/// is read again. Its statements count in the <see cref="QueryScope"/> of the caller that began the batch. Inside a guarded transaction it refuses to work, because it would read outside the locks. See docs/data.md.
/// </remarks>
public interface IBatchLoader<TKey, TValue>
    where TKey : notnull
{
    /// <summary>Loads one key together with those that are asked for at the same time.</summary>
    /// <param name="key">The key.</param>
    /// <param name="cancellationToken">Ends this caller's wait only; the query is cancelled when every caller of its batch has left.</param>
    /// <returns>The value, that there is none, or the error. A full queue is an error too.</returns>
    /// <exception cref="InvalidOperationException">The call comes from a guarded transaction, or from the loader's own load function.</exception>
    Task<Loaded<TValue>> LoadAsync(TKey key, CancellationToken cancellationToken = default);

    /// <summary>Loads these keys at once, without waiting for others. The predictable form, best in services.</summary>
    /// <param name="keys">The keys; repeated ones are loaded once.</param>
    /// <param name="cancellationToken">Cancels the queries.</param>
    /// <returns>An outcome for every key.</returns>
    /// <exception cref="InvalidOperationException">The call comes from a guarded transaction, or from the loader's own load function.</exception>
    Task<IReadOnlyDictionary<TKey, Loaded<TValue>>> LoadManyAsync(IReadOnlyCollection<TKey> keys, CancellationToken cancellationToken = default);
}
