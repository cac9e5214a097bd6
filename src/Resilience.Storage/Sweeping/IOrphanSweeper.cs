using System.Data.Common;

namespace Resilience.Storage;

/// <summary>A file in quarantine.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Path">The path that it had.</param>
/// <param name="FoundAt">When it was set aside, UTC.</param>
public sealed record QuarantinedFile(Guid Id, string Path, DateTimeOffset FoundAt);

/// <summary>Finds files that no record has. Runs daily by itself. Safe for concurrent use, and on several nodes: one sweeps at a time.</summary>
public interface IOrphanSweeper
{
    /// <summary>Sweeps now.</summary>
    /// <param name="dryRun">Whether only to look: nothing is moved or deleted; what is found is in the report and in the audit trail.</param>
    /// <param name="progress">Gets the numbers so far after each chunk; null for none.</param>
    /// <param name="cancellationToken">Ends the sweep between two files.</param>
    /// <returns>What was done; an implausible picture is an outcome (<see cref="SweepOutcome.Aborted"/>), not an exception.</returns>
    Task<SweepReport> RunAsync(bool dryRun = false, IProgress<SweepProgress>? progress = null, CancellationToken cancellationToken = default);

    /// <summary>One page of the quarantine.</summary>
    /// <param name="after">The last id that was seen; null from the beginning.</param>
    /// <param name="limit">1 to 1000.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="DbException">The database failed.</exception>
    Task<IReadOnlyList<QuarantinedFile>> ListQuarantineAsync(Guid? after = null, int limit = 200, CancellationToken cancellationToken = default);

    /// <summary>Brings a file back from quarantine.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>False when it is not in quarantine any more, or another file has its path.</returns>
    /// <exception cref="DbException">The database failed.</exception>
    /// <exception cref="IOException">The file could not be moved.</exception>
    Task<bool> RestoreAsync(Guid id, CancellationToken cancellationToken = default);

    /// <summary>Declares that folder and database belong together, after a restore or a move. Look first: run a dry sweep.</summary>
    /// <param name="userId">Who declares it, for the audit trail.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="DbException">The database failed.</exception>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    Task AcceptRootAsync(string userId, CancellationToken cancellationToken = default);
}

/// <summary>How far a sweep is.</summary>
/// <param name="Scanned">Files listed so far.</param>
/// <param name="Orphans">Those without a record.</param>
/// <param name="Removing">False while it only counts, true when it removes.</param>
public readonly record struct SweepProgress(long Scanned, long Orphans, bool Removing);
