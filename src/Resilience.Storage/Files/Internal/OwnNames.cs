namespace Resilience.Storage.Internal;

/// <summary>The names below the root that belong to the library or to the system, and are never listed. All begin with a dot, so no record can name them.</summary>
internal static class OwnNames
{
    public const string Marker = ".resilience-root";
    public const string Quarantine = ".resilience-quarantine";
    private const string Prefix = ".resilience-";

    public static bool IsOwn(ReadOnlySpan<char> name) =>
        name.StartsWith(Prefix, StringComparison.Ordinal) || name is "lost+found" || name.StartsWith(".nfs", StringComparison.Ordinal);

    /// <summary>A name of its own for each process that writes a marker.</summary>
    public static string MarkerDraft() =>
        $"{Marker}.{StringComparer.Ordinal.GetHashCode(Environment.MachineName):x8}-{Environment.ProcessId:x}.tmp";
}
