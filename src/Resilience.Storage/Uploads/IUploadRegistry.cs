using System.Data.Common;

namespace Resilience.Storage;

/// <summary>
/// Makes uploads known before their file exists. Begin, create the file, write it, flush it to disk, then complete in the transaction that inserts the record.
/// Safe for concurrent use, and by several processes on one database.
/// </summary>
public interface IUploadRegistry
{
    /// <summary>Claims a path, durably.</summary>
    /// <param name="path">The path; see <see cref="StoragePath"/>. Best is a fresh name that is never used again.</param>
    /// <param name="userId">Who uploads, for the audit trail.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Null when another upload, a deletion or the sweeper has the path.</returns>
    /// <exception cref="ArgumentException">The path breaks the rules.</exception>
    /// <exception cref="DbException">The database failed.</exception>
    Task<UploadLease?> BeginAsync(string path, string userId, CancellationToken cancellationToken = default);

    /// <summary>Extends the claim. Call it well before <see cref="UploadLease.ExpiresAt"/>.</summary>
    /// <param name="lease">The claim.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The new claim; null when it was revoked (the path's record was deleted, or the claim ran out): stop, and call <see cref="AbortAsync"/>.</returns>
    /// <exception cref="DbException">The database failed.</exception>
    Task<UploadLease?> RenewAsync(UploadLease lease, CancellationToken cancellationToken = default);

    /// <summary>Ends the claim in the transaction that inserts the record. The file must be there, written and flushed.</summary>
    /// <param name="transaction">The application's open transaction.</param>
    /// <param name="lease">The claim.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>False when the claim was revoked or the file is not there: roll back, and call <see cref="AbortAsync"/>.</returns>
    /// <exception cref="DbException">The database failed.</exception>
    /// <exception cref="IOException">The file's folder could not be flushed.</exception>
    Task<bool> CompleteAsync(DbTransaction transaction, UploadLease lease, CancellationToken cancellationToken = default);

    /// <summary>Gives the upload up: deletes its file, then the claim. An upload that was completed is left alone.</summary>
    /// <param name="lease">The claim.</param>
    /// <param name="cancellationToken">Ends the wait; recovery cleans up.</param>
    /// <exception cref="DbException">The database failed; recovery cleans up.</exception>
    Task AbortAsync(UploadLease lease, CancellationToken cancellationToken = default);
}
