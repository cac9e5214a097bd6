namespace Resilience.Storage.Internal;

/// <summary>The names below the root that belong to the library or to the system, and are never listed. All begin with a dot, so no record can name them.</summary>
internal static class OwnNames
{
    public const string Marker = ".resilience-root";
    public const string Quarantine = ".resilience-quarantine";
    private const string Prefix = ".resilience-";
    private static int _stores;

    public static bool IsOwn(ReadOnlySpan<char> name) =>
        name.StartsWith(Prefix, StringComparison.Ordinal) || name is "lost+found" || name.StartsWith(".nfs", StringComparison.Ordinal);

    /// <summary>A name of its own for each store that writes a marker; the same at each write, so that what a crash leaves is overwritten and not heaped up.</summary>
    public static string MarkerDraft() => $"{Marker}.{Fingerprint(Environment.MachineName):x8}-{Environment.ProcessId:x}-{Interlocked.Increment(ref _stores):x}.tmp";

    private static uint Fingerprint(string text) => text.Aggregate(2166136261u, static (hash, c) => (hash ^ c) * 16777619u);
}
