namespace Resilience.Queues;

/// <summary>
/// Trims streams in the background, about every hundredth append, and never removes what a consumer group still needs below the hard cap. Thread-safe. See
/// <c>docs/stream-trimmer.md</c>, which also says when <c>XADD MAXLEN ~</c> is enough.
/// </summary>
public interface IStreamTrimmer
{
    /// <summary>Tells that an entry was appended: an increment, and once in a while a write to a bounded channel. It never waits and allocates nothing.</summary>
    /// <param name="key">The stream, registered by its key or by a family's prefix. Others are ignored, and warned about once.</param>
    /// <remarks>The first append to a stream of a family makes its counter; later ones allocate nothing.</remarks>
    void NotifyAppended(string key);

    /// <summary>Trims a stream now, by at most one command.</summary>
    /// <param name="key">The stream, registered by its key or by a family's prefix.</param>
    /// <param name="cancellationToken">Ends the waiting, not necessarily the operation.</param>
    /// <returns>What was done.</returns>
    /// <exception cref="ArgumentException">The stream is not registered, or its family is full.</exception>
    ValueTask<TrimResult> TrimAsync(string key, CancellationToken cancellationToken = default);
}
