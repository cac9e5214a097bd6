namespace Resilience.Storage;

/// <summary>The application's record of a file. Immutable.</summary>
public sealed class FileRecord
{
    private static readonly IReadOnlyDictionary<string, string?> NoColumns = new Dictionary<string, string?>();

    /// <summary>Creates a record.</summary>
    /// <param name="key">The record's key.</param>
    /// <param name="path">The file's path below the root.</param>
    /// <param name="ownerId">The owner's id, if the record has one.</param>
    /// <param name="columns">Further columns, as text.</param>
    public FileRecord(string key, string path, string? ownerId, IReadOnlyDictionary<string, string?>? columns = null)
    {
        Key = key;
        Path = path;
        OwnerId = ownerId;
        Columns = columns ?? NoColumns;
    }

    /// <summary>The record's key.</summary>
    public string Key { get; }

    /// <summary>The file's path below the root, as the database has it. It is not trusted.</summary>
    public string Path { get; }

    /// <summary>The owner's id; null when it has none.</summary>
    public string? OwnerId { get; }

    /// <summary>The further columns that were mapped, by name, as text.</summary>
    public IReadOnlyDictionary<string, string?> Columns { get; }

    /// <summary>Whether two records agree in everything that a decision can depend on.</summary>
    internal bool SameAs(FileRecord other)
    {
        if (Key != other.Key || Path != other.Path || OwnerId != other.OwnerId || Columns.Count != other.Columns.Count)
        {
            return false;
        }

        foreach (var (name, value) in Columns)
        {
            if (!other.Columns.TryGetValue(name, out var theirs) || theirs != value)
            {
                return false;
            }
        }

        return true;
    }
}
