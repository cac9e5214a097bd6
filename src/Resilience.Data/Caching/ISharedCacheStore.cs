namespace Resilience.Data;

/// <summary>
/// The level of the fenced cache that nodes share. Its contract is a conformance suite; the point of it: a value is stored only when, since its token was given out,
/// neither its key nor one of its tags was invalidated, and no write on them is under way.
/// </summary>
/// <remarks>Thread-safe. A method throws when the store cannot be reached; the cache then goes on without it.</remarks>
public interface ISharedCacheStore
{
    /// <summary>Reads many keys. An entry whose tags were invalidated since is no entry. For a key without one, a token is given out.</summary>
    /// <param name="reads">The keys, each with the tags that a value stored under the token will carry.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    /// <returns>One result per read, in order.</returns>
    ValueTask<IReadOnlyList<SharedResult>> ReadManyAsync(IReadOnlyList<SharedRead> reads, CancellationToken cancellationToken);

    /// <summary>Stores values whose tokens are still good.</summary>
    /// <param name="writes">The values.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    /// <returns>One answer per write, in order: whether it was stored.</returns>
    ValueTask<IReadOnlyList<bool>> WriteManyAsync(IReadOnlyList<SharedWrite> writes, CancellationToken cancellationToken);

    /// <summary>Invalidates, tells the other nodes, and gives out no tokens for these keys and tags until the writer ends or its time is over.</summary>
    /// <param name="keys">The keys.</param>
    /// <param name="tags">The tags.</param>
    /// <param name="writer">Names the write; unique.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    /// <returns>A task.</returns>
    ValueTask BeginWriteAsync(IReadOnlyCollection<string> keys, IReadOnlyCollection<string> tags, string writer, CancellationToken cancellationToken);

    /// <summary>Removes entries and tokens of keys and tags, and tells the other nodes.</summary>
    /// <param name="keys">The keys.</param>
    /// <param name="tags">The tags.</param>
    /// <param name="writer">The write that ends, or null.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    /// <returns>A task.</returns>
    ValueTask InvalidateAsync(IReadOnlyCollection<string> keys, IReadOnlyCollection<string> tags, string? writer, CancellationToken cancellationToken);

    /// <summary>
    /// Takes back tokens whose loads ended without a value, so that nobody waits for them. Removes these very tokens and nothing else: no entry, no token that
    /// came later, and no other node is told.
    /// </summary>
    /// <param name="tokens">The tokens.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    /// <returns>A task.</returns>
    ValueTask ReleaseAsync(IReadOnlyList<SharedToken> tokens, CancellationToken cancellationToken);

    /// <summary>Asks for the invalidations of other nodes. They may come late, twice, in any order or never.</summary>
    /// <param name="handler">Gets them; it does not throw and returns at once.</param>
    /// <returns>Dispose it to end.</returns>
    IDisposable Subscribe(Action<SharedInvalidation> handler);
}
