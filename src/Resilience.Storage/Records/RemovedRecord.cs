namespace Resilience.Storage;

/// <summary>A record that was removed and whose file is being deleted.</summary>
/// <param name="DeletionId">The deletion's id.</param>
/// <param name="Key">The record's key.</param>
/// <param name="Path">The file's path.</param>
/// <param name="Snapshot">What the store gave when it removed the record; null if nothing.</param>
public sealed record RemovedRecord(Guid DeletionId, string Key, string Path, string? Snapshot);
