namespace Resilience.Storage;

/// <summary>A file whose record the application removes itself.</summary>
/// <param name="Path">The file's path below the root.</param>
/// <param name="RecordKey">The record's key, for the audit trail; null uses the path.</param>
public sealed record FileToDelete(string Path, string? RecordKey = null);
