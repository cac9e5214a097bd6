using Resilience.Storage.Internal;
using Resilience.TestKit;

namespace Resilience.Storage.Tests.Support;

/// <summary>The real file store, each step through a fault script: <c>probe</c>, <c>unlink</c>, <c>flush</c>, <c>list</c>, <c>aside</c>, <c>restore</c>, <c>purge</c>.</summary>
public sealed class FaultyFileStore : IDeletableStore, IQuarantineStore, IRootMarkerStore, IConfinedFiles, IDisposable
{
    private readonly LinuxFileStore _inner;
    private readonly string _root;
    private int _probes;

    public FaultyFileStore(string root, FaultScript script)
    {
        _inner = new LinuxFileStore(root);
        _root = root;
        Script = script;
    }

    public FaultScript Script { get; set; }

    /// <summary>Runs before each unlink, with the path.</summary>
    public Func<string, Task>? BeforeUnlink { get; set; }

    /// <summary>Where removed files stay until their folder is flushed; null deletes them as usual. See <see cref="LosePower"/>.</summary>
    public string? Unflushed { get; set; }

    public int Probes => Volatile.Read(ref _probes);

    public FileConfinement Confinement => _inner.Confinement;

    public ValueTask<FileProbe> ProbeAsync(string path, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _probes);
        return Script.RunAsync("probe", () => _inner.ProbeAsync(path, cancellationToken), cancellationToken);
    }

    public async ValueTask<FileRemoval> DeleteAsync(string path, FileIdentity expected, CancellationToken cancellationToken)
    {
        if (BeforeUnlink is { } before)
        {
            await before(path);
        }

        try
        {
            return await Script.RunAsync("unlink", () => RemoveAsync(path, expected, cancellationToken), cancellationToken);
        }
        catch (InjectedFaultException)
        {
            throw new FileAttemptException("EIO");
        }
    }

    public async ValueTask FlushAsync(IReadOnlyCollection<string> paths, CancellationToken cancellationToken)
    {
        try
        {
            await Script.RunAsync("flush", () => KeepAsync(paths, cancellationToken), cancellationToken);
        }
        catch (InjectedFaultException exception)
        {
            throw new IOException("flush", exception);
        }
    }

    public IAsyncEnumerable<string> ListAsync(CancellationToken cancellationToken) => _inner.ListAsync(cancellationToken);

    public ValueTask<FileRemoval> SetAsideAsync(string path, string name, FileIdentity expected, CancellationToken cancellationToken) =>
        AsIo("aside", () => _inner.SetAsideAsync(path, name, expected, cancellationToken));

    public ValueTask<bool> RestoreAsync(string name, string path, CancellationToken cancellationToken) =>
        AsIo("restore", () => _inner.RestoreAsync(name, path, cancellationToken));

    public async ValueTask PurgeAsync(string name, CancellationToken cancellationToken) => await AsIo("purge", async () =>
    {
        await _inner.PurgeAsync(name, cancellationToken);
        return 0;
    });

    public ValueTask<string?> ReadMarkerAsync(CancellationToken cancellationToken) => _inner.ReadMarkerAsync(cancellationToken);

    public ValueTask WriteMarkerAsync(string text, CancellationToken cancellationToken) => _inner.WriteMarkerAsync(text, cancellationToken);

    public FileStream Create(string path) => _inner.Create(path);

    public FileStream? OpenRead(string path) => _inner.OpenRead(path);

    public void Dispose() => _inner.Dispose();

    /// <summary>Everything that was not flushed is undone, as a file system may do: the files are back with their identity.</summary>
    public void LosePower()
    {
        foreach (var file in Directory.GetFiles(Unflushed!))
        {
            File.Move(file, Path.Combine(_root, Path.GetFileName(file).Replace('!', '/')), overwrite: false);
        }
    }

    private async ValueTask<FileRemoval> RemoveAsync(string path, FileIdentity expected, CancellationToken cancellationToken)
    {
        if (Unflushed is null)
        {
            return await _inner.DeleteAsync(path, expected, cancellationToken);
        }

        var probe = await _inner.ProbeAsync(path, cancellationToken);
        if (probe.Kind != FileProbeKind.File || probe.Identity != expected)
        {
            return probe.Kind == FileProbeKind.Missing ? FileRemoval.Missing : FileRemoval.Changed;
        }

        File.Move(Path.Combine(_root, path), Path.Combine(Unflushed, path.Replace('/', '!')));
        return FileRemoval.Removed;
    }

    private async ValueTask KeepAsync(IReadOnlyCollection<string> paths, CancellationToken cancellationToken)
    {
        await _inner.FlushAsync(paths, cancellationToken);
        foreach (var path in paths.Where(_ => Unflushed is not null))
        {
            File.Delete(Path.Combine(Unflushed!, path.Replace('/', '!')));
        }
    }

    private async ValueTask<T> AsIo<T>(string step, Func<ValueTask<T>> effect)
    {
        try
        {
            return await Script.RunAsync(step, effect);
        }
        catch (InjectedFaultException exception)
        {
            throw new IOException(step, exception);
        }
    }
}
