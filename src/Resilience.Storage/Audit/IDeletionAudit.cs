using System.Data.Common;

namespace Resilience.Storage;

/// <summary>Reads the audit trail. Safe for concurrent use.</summary>
public interface IDeletionAudit
{
    /// <summary>One page, in the order of writing.</summary>
    /// <param name="after">The last <see cref="AuditEntry.Id"/> that was seen; 0 from the beginning.</param>
    /// <param name="limit">1 to 1000.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="DbException">The database failed.</exception>
    Task<IReadOnlyList<AuditEntry>> ReadAsync(long after = 0, int limit = 200, CancellationToken cancellationToken = default);

    /// <summary>Writes the whole trail as JSON, one object per line, page by page.</summary>
    /// <param name="destination">The stream; left open.</param>
    /// <param name="cancellationToken">Ends the export.</param>
    /// <returns>The number of rows.</returns>
    /// <exception cref="DbException">The database failed.</exception>
    Task<long> ExportAsync(Stream destination, CancellationToken cancellationToken = default);

    /// <summary>Removes rows that are older than the retention. Runs by itself with recovery.</summary>
    /// <param name="cancellationToken">Ends the run between two batches.</param>
    /// <returns>The number of rows.</returns>
    /// <exception cref="DbException">The database failed.</exception>
    Task<long> PruneAsync(CancellationToken cancellationToken = default);
}

/// <summary>Gets a copy of every audit entry after it is committed, in order, at most once. A failure is logged and counted and touches nothing else. Called by one flow at a time per kind of work, so by several threads in all.</summary>
public interface IDeletionAuditSink
{
    /// <summary>Takes entries.</summary>
    /// <param name="entries">What one transaction wrote.</param>
    /// <param name="cancellationToken">Cancelled when the application stops.</param>
    ValueTask WriteAsync(IReadOnlyList<AuditEntry> entries, CancellationToken cancellationToken);
}
