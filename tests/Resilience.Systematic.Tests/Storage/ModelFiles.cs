using Resilience.Storage;
using Resilience.TestKit.Systematic;

namespace Resilience.Systematic.Tests.Storage;

/// <summary>
/// Folders as a disk keeps them: what was unlinked lasts when a flush of its folder, begun after it, has ended. Calls give way in between, and may fail before or after
/// they did something.
/// </summary>
internal sealed class ModelFiles(Schedule schedule, IEnumerable<string> paths, int failures) : IDeletableStore, IConfinedFiles
{
    private int _failures = failures;

    public HashSet<string> Present { get; } = [.. paths];

    /// <summary>Unlinked, and back after a loss of power.</summary>
    public HashSet<string> Unflushed { get; } = [];

    public int Running { get; private set; }

    public FileConfinement Confinement => FileConfinement.Kernel;

    public ValueTask<FileProbe> ProbeAsync(string path, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<FileRemoval> DeleteAsync(string path, FileIdentity expected, CancellationToken cancellationToken) => RunAsync(() =>
    {
        if (!Present.Remove(path))
        {
            return FileRemoval.Missing;
        }

        Unflushed.Add(path);
        return FileRemoval.Removed;
    });

    public async ValueTask FlushAsync(IReadOnlyCollection<string> paths, CancellationToken cancellationToken)
    {
        var folders = paths.Select(FolderOf).ToHashSet();
        string[] seen = [.. Unflushed.Where(path => folders.Contains(FolderOf(path)))];
        await RunAsync(() =>
        {
            Unflushed.ExceptWith(seen);
            return 0;
        });
    }

    public IAsyncEnumerable<string> ListAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    public FileStream Create(string path) => throw new NotSupportedException();

    public FileStream? OpenRead(string path) => throw new NotSupportedException();

    private static string FolderOf(string path) => path[..path.IndexOf('/')];

    private async ValueTask<T> RunAsync<T>(Func<T> effect)
    {
        Running++;
        try
        {
            await StepAsync();
            var result = effect();
            await StepAsync();
            return result;
        }
        finally
        {
            Running--;
        }
    }

    private async Task StepAsync()
    {
        await schedule.Yield();
        if (_failures > 0 && schedule.Choose(4) == 0)
        {
            _failures--;
            throw new IOException("the disk");
        }
    }
}
