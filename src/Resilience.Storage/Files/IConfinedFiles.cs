namespace Resilience.Storage;

/// <summary>
/// Files below the root for the application's own reading and writing, kept inside the root as deletions are. Safe for concurrent use.
/// </summary>
public interface IConfinedFiles
{
    /// <summary>How strictly paths are kept inside the root on this system.</summary>
    FileConfinement Confinement { get; }

    /// <summary>Creates a file for writing, and the folders above it; never opens one that exists. Begin an upload for the path first.</summary>
    /// <param name="path">The path; see <see cref="StoragePath"/>.</param>
    /// <exception cref="ArgumentException">The path breaks the rules.</exception>
    /// <exception cref="IOException">Something has that name already, a link is in the way, or the disk refused.</exception>
    FileStream Create(string path);

    /// <summary>Opens a file for reading.</summary>
    /// <param name="path">The path.</param>
    /// <returns>The file, or null when there is none.</returns>
    /// <exception cref="ArgumentException">The path breaks the rules.</exception>
    /// <exception cref="IOException">A link is in the way, it is no regular file, or the disk refused.</exception>
    FileStream? OpenRead(string path);
}
