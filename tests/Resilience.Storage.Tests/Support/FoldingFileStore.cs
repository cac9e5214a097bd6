using Resilience.Storage.Internal;

namespace Resilience.Storage.Tests.Support;

/// <summary>A folder of a file system that ignores case: every name leads to the one in lower case, which is what a listing says.</summary>
public sealed class FoldingFileStore(string root) : IDeletableStore, IQuarantineStore, IRootMarkerStore, IConfinedFiles, IDisposable
{
    private readonly LinuxFileStore _inner = new(root);

    public bool IgnoresCase { get; init; } = true;

    public FileConfinement Confinement => _inner.Confinement;

    public ValueTask<FileProbe> ProbeAsync(string path, CancellationToken cancellationToken) => _inner.ProbeAsync(Fold(path), cancellationToken);

    public ValueTask<FileRemoval> DeleteAsync(string path, FileIdentity expected, CancellationToken cancellationToken) =>
        _inner.DeleteAsync(Fold(path), expected, cancellationToken);

    public ValueTask FlushAsync(IReadOnlyCollection<string> paths, CancellationToken cancellationToken) => _inner.FlushAsync([.. paths.Select(Fold)], cancellationToken);

    public IAsyncEnumerable<string> ListAsync(CancellationToken cancellationToken) => _inner.ListAsync(cancellationToken);

    public ValueTask<FileRemoval> SetAsideAsync(string path, string name, FileIdentity expected, CancellationToken cancellationToken) =>
        _inner.SetAsideAsync(Fold(path), name, expected, cancellationToken);

    public ValueTask<bool> RestoreAsync(string name, string path, CancellationToken cancellationToken) => _inner.RestoreAsync(name, Fold(path), cancellationToken);

    public ValueTask PurgeAsync(string name, CancellationToken cancellationToken) => _inner.PurgeAsync(name, cancellationToken);

    public ValueTask<string?> ReadMarkerAsync(CancellationToken cancellationToken) => _inner.ReadMarkerAsync(cancellationToken);

    public ValueTask WriteMarkerAsync(string text, CancellationToken cancellationToken) => _inner.WriteMarkerAsync(text, cancellationToken);

    public FileStream Create(string path) => _inner.Create(Fold(path));

    public FileStream? OpenRead(string path) => _inner.OpenRead(Fold(path));

    public void Dispose() => _inner.Dispose();

    private static string Fold(string path) => path.ToLowerInvariant();
}
