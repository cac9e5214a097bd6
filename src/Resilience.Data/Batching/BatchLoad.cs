namespace Resilience.Data;

/// <summary>Loads many keys with one query.</summary>
/// <typeparam name="TKey">Type of the key.</typeparam>
/// <typeparam name="TValue">Type of the value.</typeparam>
/// <param name="context">Services of its own. Nothing flows in from a caller: no activity, no async-local, no ambient transaction.</param>
/// <param name="keys">The keys, each once, in ascending order where they can be ordered.</param>
/// <param name="cancellationToken">Cancelled when every caller has left.</param>
/// <returns>The values that exist; a key that is not in it is missing.</returns>
public delegate Task<IReadOnlyDictionary<TKey, TValue>> BatchLoad<TKey, TValue>(BatchContext context, IReadOnlyList<TKey> keys, CancellationToken cancellationToken)
    where TKey : notnull;
