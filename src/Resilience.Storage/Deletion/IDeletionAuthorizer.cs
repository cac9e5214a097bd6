namespace Resilience.Storage;

/// <summary>Decides who may delete a file. Safe for concurrent use.</summary>
/// <remarks>
/// It is asked before the transaction, so that a slow answer holds no lock. The decision counts only if the locked row is, value for value, the record that was
/// judged; else it is asked again. A decision that depends on rows other than the record belongs into the application's own transaction:
/// <see cref="IFileDeletionService.EnlistAsync"/>.
/// </remarks>
public interface IDeletionAuthorizer
{
    /// <summary>Whether this caller may delete this file.</summary>
    /// <param name="record">The record, with the columns that were mapped.</param>
    /// <param name="who">Who asks.</param>
    /// <param name="cancellationToken">Cancelled when the time for the answer is over, or the caller gave up.</param>
    ValueTask<bool> CanDeleteAsync(FileRecord record, DeletionContext who, CancellationToken cancellationToken);
}
