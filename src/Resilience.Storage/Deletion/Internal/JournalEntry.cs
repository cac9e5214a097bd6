namespace Resilience.Storage.Internal;

internal enum JournalState
{
    Pending = 1,
    Failed = 2,
    Stuck = 3,
}

internal enum JournalKind
{
    Record = 1,
    Enlisted = 2,
}

/// <summary>A row of the journal as the process that owns it knows it.</summary>
internal sealed class JournalEntry(string id, string key, string path, FileIdentity identity, JournalKind kind, string userId)
{
    public string Id => id;

    public string Key => key;

    public string Path => path;

    public FileIdentity Identity => identity;

    public JournalKind Kind => kind;

    public string UserId => userId;

    public string? Snapshot { get; set; }

    public JournalState State { get; set; } = JournalState.Pending;

    public int Attempts { get; set; }

    public RemovedRecord ToRemoved() => new(Guid.Parse(id), key, path, Snapshot);
}
