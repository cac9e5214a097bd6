namespace Resilience.Storage;

/// <summary>
/// What tells one file from another at the same path: for the file system device, inode, size and birth time. A store of your own puts there what it has
/// (an entity tag, a version). Compared ordinally; an empty value stands for "no file was there".
/// </summary>
/// <param name="Value">The text; at most 200 characters.</param>
public readonly record struct FileIdentity(string Value)
{
    /// <summary>The identity of a file that was not there when it was looked at.</summary>
    public static FileIdentity None { get; } = new(string.Empty);

    /// <summary>Whether this is the identity of no file.</summary>
    public bool IsNone => string.IsNullOrEmpty(Value);

    /// <inheritdoc />
    public override string ToString() => Value ?? string.Empty;
}
