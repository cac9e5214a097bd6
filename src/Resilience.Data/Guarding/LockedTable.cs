namespace Resilience.Data;

/// <summary>A table that guarded transactions may lock. Immutable.</summary>
public sealed class LockedTable
{
    /// <summary>Initializes a new instance of the <see cref="LockedTable"/> class, for configuration binding.</summary>
    public LockedTable()
    {
    }

    /// <summary>Initializes a new instance of the <see cref="LockedTable"/> class.</summary>
    /// <param name="name">The table as the database stores its name, or <c>schema.table</c>.</param>
    /// <param name="key">The columns of its primary key, in which order its rows are locked.</param>
    public LockedTable(string name, params string[] key)
    {
        Name = name;
        Key = [.. key];
    }

    /// <summary>Gets or sets the table's name.</summary>
    /// <value>A plain identifier, or <c>schema.table</c>.</value>
    public string Name { get; set; } = "";

    /// <summary>Gets the columns of the primary key.</summary>
    /// <value>At least one plain identifier.</value>
    public IList<string> Key { get; init; } = [];
}
