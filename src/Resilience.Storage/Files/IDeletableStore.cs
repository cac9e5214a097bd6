namespace Resilience.Storage;

/// <summary>What a deletion did.</summary>
public enum FileRemoval
{
    /// <summary>The file was there and is gone.</summary>
    Removed,

    /// <summary>Nothing was there: somebody, or an earlier try, was first.</summary>
    Missing,

    /// <summary>Another file lies there than the one that was to be deleted; it was left alone.</summary>
    Changed,
}

/// <summary>
/// Where files lie. The confined file system is the implementation that ships; write one for an object store. Implementations are safe for concurrent use.
/// </summary>
/// <remarks>
/// Deletions run while the row locks of their journal entries are held. That is what keeps a paused process from deleting a file whose record another one has
/// brought back; so <see cref="DeleteAsync"/> should be quick, and must not wait and try again by itself.
/// </remarks>
public interface IDeletableStore
{
    /// <summary>
    /// Whether names that differ only in case are one file, as on Windows and macOS. Then a file may be listed otherwise than its record spells it, and the sweeper
    /// compares accordingly.
    /// </summary>
    /// <value>Default false.</value>
    bool IgnoresCase => false;

    /// <summary>Looks at a path without changing anything.</summary>
    /// <param name="path">The path as the record has it: relative, separated by <c>/</c>. It is not trusted.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="IOException">It cannot be said what is there.</exception>
    ValueTask<FileProbe> ProbeAsync(string path, CancellationToken cancellationToken);

    /// <summary>Deletes a file, if it is the one that is meant.</summary>
    /// <param name="path">The path.</param>
    /// <param name="expected">What <see cref="ProbeAsync"/> saw; <see cref="FileIdentity.None"/> when there was no file, and then none may be deleted.</param>
    /// <param name="cancellationToken">Ends the wait; the file may be gone or not.</param>
    /// <exception cref="FileAttemptException">The file could not be deleted; says whether another try can help.</exception>
    /// <exception cref="IOException">As above; another try is made.</exception>
    ValueTask<FileRemoval> DeleteAsync(string path, FileIdentity expected, CancellationToken cancellationToken);

    /// <summary>Returns when the deletions of these paths outlive a power failure. Called once per batch, before the journal rows go.</summary>
    /// <param name="paths">Paths that were deleted or found missing.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="IOException">It could not be made durable; the whole batch is tried again.</exception>
    ValueTask FlushAsync(IReadOnlyCollection<string> paths, CancellationToken cancellationToken);

    /// <summary>Names all files, in any order, without looking at each one. Names that are the library's own are left out.</summary>
    /// <param name="cancellationToken">Ends the listing.</param>
    /// <exception cref="IOException">A folder cannot be read; the sweep ends without removing anything.</exception>
    IAsyncEnumerable<string> ListAsync(CancellationToken cancellationToken);
}
