namespace Resilience.Storage;

/// <summary>
/// A store that can hold a small marker which says which database it belongs to. It is what tells an empty mount, a foreign folder or a database restored from
/// an old backup from the real thing. Safe for concurrent use.
/// </summary>
public interface IRootMarkerStore
{
    /// <summary>The marker's text, or null when there is none.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="IOException">It cannot be said whether there is one.</exception>
    ValueTask<string?> ReadMarkerAsync(CancellationToken cancellationToken);

    /// <summary>Replaces the marker, durably and in one step.</summary>
    /// <param name="text">The text; at most 200 characters.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="IOException">It could not be written.</exception>
    ValueTask WriteMarkerAsync(string text, CancellationToken cancellationToken);
}
