using System.Globalization;
using Resilience.TestKit.Processes.Internal;

namespace Resilience.TestKit;

/// <summary>
/// A temporary folder that goes with the test: on dispose, at the latest when the process ends. Folders of processes that were killed are removed by the next run.
/// </summary>
public sealed class TempFolder : IDisposable
{
    private const string Prefix = "resilience-test-";
    private static readonly Lazy<int> Swept = new(RemoveOrphans);
    private static int _last;
    private readonly IDisposable _atExit;
    private int _disposed;

    /// <summary>Creates an empty folder below the system's temporary folder.</summary>
    /// <param name="name">Part of its name, for the person who looks there.</param>
    public TempFolder(string name = "files")
    {
        _ = Swept.Value;
        FullPath = Path.Combine(
            Path.GetTempPath(),
            string.Create(CultureInfo.InvariantCulture, $"{Prefix}{Environment.ProcessId}-{Interlocked.Increment(ref _last)}-{name}"));
        Directory.CreateDirectory(FullPath);
        _atExit = ExitCleanup.Register(Delete);
    }

    /// <summary>Its absolute path.</summary>
    public string FullPath { get; }

    /// <summary>The path of a file or folder in it; nothing is created.</summary>
    /// <param name="relative">Path below the folder.</param>
    public string PathOf(string relative) => Path.Combine(FullPath, relative);

    /// <summary>Removes the folders of processes that were killed. Happens by itself before the first folder of a process is made.</summary>
    /// <returns>How many were found.</returns>
    public static int RemoveOrphans()
    {
        var found = 0;
        foreach (var folder in Directory.EnumerateDirectories(Path.GetTempPath(), Prefix + "*"))
        {
            var owner = Path.GetFileName(folder)[Prefix.Length..].Split('-')[0];
            if (int.TryParse(owner, out var pid) && pid != Environment.ProcessId && OperatingSystem.IsLinux() && Posix.StateOf(pid) is null)
            {
                TryDelete(folder);
                found++;
            }
        }

        return found;
    }

    /// <summary>Removes the folder with all it holds.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            _atExit.Dispose();
            Delete();
        }
    }

    private static void TryDelete(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Another run sweeps at the same time, or the folder belongs to another user.
        }
    }

    private void Delete() => TryDelete(FullPath);
}
