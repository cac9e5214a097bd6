namespace Resilience.Storage;

/// <summary>The type of the key column.</summary>
public enum RecordKeyType
{
    /// <summary>Text.</summary>
    Text,

    /// <summary>A 64-bit integer, or a smaller one.</summary>
    Int64,

    /// <summary><c>uuid</c> on PostgreSQL. On SQLite such keys are text: use <see cref="Text"/> and the form in which the application stores them.</summary>
    Guid,
}

/// <summary>Which table and columns hold the records. Names are identifiers, never values: they are quoted, and must not come from a user. Immutable once it is registered.</summary>
public sealed class RecordTable
{
    /// <summary>The table; with its schema, if need be, before a dot.</summary>
    /// <value>Must be set.</value>
    public string Table { get; set; } = string.Empty;

    /// <summary>The key column; unique.</summary>
    /// <value>Default <c>id</c>.</value>
    public string KeyColumn { get; set; } = "id";

    /// <summary>The type of the key column.</summary>
    /// <value>Default <see cref="RecordKeyType.Text"/>.</value>
    public RecordKeyType KeyType { get; set; } = RecordKeyType.Text;

    /// <summary>The column with the file's path below the root. Give it an index: the sweeper asks by it.</summary>
    /// <value>Default <c>path</c>.</value>
    public string PathColumn { get; set; } = "path";

    /// <summary>The column with the owner's id; only the owner may delete.</summary>
    /// <value>Default none: then an authorizer is needed.</value>
    public string? OwnerColumn { get; set; }

    /// <summary>
    /// A nullable text column that is null for live records: <c>WHERE pending_delete IS NULL</c> is what the application's queries need. It holds the deletion's id
    /// while the file is being deleted; then the row goes.
    /// </summary>
    /// <value>Default none: the row is deleted and, when the file cannot be, inserted again from a snapshot (see the page for what that asks of the table).</value>
    public string? PendingColumn { get; set; }

    /// <summary>A nullable text column that gets the error code when a deletion failed and the record is back; cleared by the next deletion. Only with <see cref="PendingColumn"/>.</summary>
    /// <value>Default none.</value>
    public string? FailedColumn { get; set; }

    /// <summary>Further columns that an authorizer wants to see.</summary>
    /// <value>Default none.</value>
    public IList<string> Columns { get; } = [];
}
