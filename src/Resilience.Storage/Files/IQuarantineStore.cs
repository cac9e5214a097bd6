namespace Resilience.Storage;

/// <summary>A store that can set a file aside and bring it back. Without it the sweeper needs a retention of zero. Safe for concurrent use.</summary>
public interface IQuarantineStore
{
    /// <summary>Moves a file to the quarantine, durably and without overwriting anything.</summary>
    /// <param name="path">The path.</param>
    /// <param name="name">A fresh unique name in the quarantine.</param>
    /// <param name="expected">What was seen at the path.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="IOException">It could not be moved; it is where it was.</exception>
    ValueTask<FileRemoval> SetAsideAsync(string path, string name, FileIdentity expected, CancellationToken cancellationToken);

    /// <summary>Moves a file back to its path, durably and without overwriting anything.</summary>
    /// <param name="name">The name in the quarantine.</param>
    /// <param name="path">The path that it had.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>False when nothing has that name in the quarantine, or something lies at the path.</returns>
    /// <exception cref="IOException">It could not be moved; it is where it was.</exception>
    ValueTask<bool> RestoreAsync(string name, string path, CancellationToken cancellationToken);

    /// <summary>Deletes a file in the quarantine; one that is gone already is no error.</summary>
    /// <param name="name">The name in the quarantine.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="IOException">It could not be deleted.</exception>
    ValueTask PurgeAsync(string name, CancellationToken cancellationToken);
}
