namespace Resilience.Storage;

/// <summary>What lies at a path.</summary>
public enum FileProbeKind
{
    /// <summary>A regular file.</summary>
    File,

    /// <summary>Nothing.</summary>
    Missing,

    /// <summary>The path is not allowed, leads out of the root, or names something that is no regular file; <see cref="FileProbe.Error"/> says which.</summary>
    Refused,
}

/// <summary>The answer of <see cref="IDeletableStore.ProbeAsync"/>.</summary>
/// <param name="Kind">What lies there.</param>
/// <param name="Identity">The file's identity; <see cref="FileIdentity.None"/> unless it is a file.</param>
/// <param name="Size">The file's size in bytes; 0 unless it is a file.</param>
/// <param name="ChangedAt">The latest of the file's times (written, changed, made), UTC.</param>
/// <param name="Links">The number of names that the file has; above 1 the content stays when this one goes.</param>
/// <param name="Error">Why it was refused, as a short code such as <c>link</c> or <c>traversal</c>; null unless it was.</param>
public readonly record struct FileProbe(FileProbeKind Kind, FileIdentity Identity, long Size, DateTimeOffset ChangedAt, long Links, string? Error)
{
    /// <summary>Nothing is there.</summary>
    public static FileProbe Missing { get; } = new(FileProbeKind.Missing, FileIdentity.None, 0, DateTimeOffset.UnixEpoch, 0, null);

    /// <summary>The path is refused.</summary>
    /// <param name="error">Why, as a short code.</param>
    public static FileProbe Refused(string error) => new(FileProbeKind.Refused, FileIdentity.None, 0, DateTimeOffset.UnixEpoch, 0, error);
}
