namespace Resilience.Storage;

/// <summary>An upload that the database knows of, so that no sweep takes its file for an orphan.</summary>
/// <param name="Id">The upload's id.</param>
/// <param name="Path">The path that it may write.</param>
/// <param name="ExpiresAt">When it is taken for abandoned unless it is renewed, UTC.</param>
public sealed record UploadLease(Guid Id, string Path, DateTimeOffset ExpiresAt);
