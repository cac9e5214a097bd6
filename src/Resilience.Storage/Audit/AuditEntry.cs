namespace Resilience.Storage;

/// <summary>One row of the audit trail.</summary>
/// <param name="Id">Ascending; 0 for an entry that a sink gets, which has no number yet.</param>
/// <param name="OccurredAt">When, UTC.</param>
/// <param name="RequestId">The deletion, or the sweep.</param>
/// <param name="RecordKey">The record's key; empty for a file without a record.</param>
/// <param name="Path">The path with control characters escaped; empty when it is not known.</param>
/// <param name="UserId">Who asked; <c>system</c> for the library's own work.</param>
/// <param name="Result">What happened.</param>
/// <param name="Attempt">Which try; 0 when it is about none.</param>
/// <param name="ErrorCode">Why, as a short code; null when there is nothing to say.</param>
/// <param name="Instance">The process that wrote it.</param>
public sealed record AuditEntry(
    long Id,
    DateTimeOffset OccurredAt,
    Guid RequestId,
    string RecordKey,
    string Path,
    string UserId,
    AuditResult Result,
    int Attempt,
    string? ErrorCode,
    string Instance);
