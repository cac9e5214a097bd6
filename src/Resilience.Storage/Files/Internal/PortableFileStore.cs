using System.Globalization;
using System.Text;

namespace Resilience.Storage.Internal;

/// <summary>
/// The fallback for systems other than Linux: the same rules for paths, and each component is checked for being a link before it is used. Someone who can write
/// to the root and swaps a folder for a link between check and use is not stopped; folders cannot be flushed. Safe for concurrent use.
/// </summary>
internal sealed class PortableFileStore(string rootPath) : IDeletableStore, IQuarantineStore, IRootMarkerStore, IConfinedFiles
{
    private readonly string _root = Path.GetFullPath(rootPath);
    private readonly string _draft = OwnNames.MarkerDraft();

    public FileConfinement Confinement => FileConfinement.BestEffort;

    // A folder can differ from its system's habit, so the folder itself is asked: by the marker, once there is one.
    public bool IgnoresCase => File.Exists(Path.Combine(_root, OwnNames.Marker))
        ? File.Exists(Path.Combine(_root, OwnNames.Marker.ToUpperInvariant()))
        : !OperatingSystem.IsLinux();

    public ValueTask<FileProbe> ProbeAsync(string path, CancellationToken cancellationToken)
    {
        if (StoragePath.Refusal(path) is { } refusal)
        {
            return new(FileProbe.Refused(refusal));
        }

        RequireRoot();
        return new(Probe(path));
    }

    public ValueTask<FileRemoval> DeleteAsync(string path, FileIdentity expected, CancellationToken cancellationToken)
    {
        if (Find(path, expected) is { } different)
        {
            return new(different);
        }

        Run(() => File.Delete(Full(path)));
        return new(FileRemoval.Removed);
    }

    public ValueTask FlushAsync(IReadOnlyCollection<string> paths, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public IAsyncEnumerable<string> ListAsync(CancellationToken cancellationToken)
    {
        RequireRoot();
        return FileListing.List(_root);
    }

    public ValueTask<FileRemoval> SetAsideAsync(string path, string name, FileIdentity expected, CancellationToken cancellationToken)
    {
        if (Find(path, expected) is { } different)
        {
            return new(different);
        }

        Run(() =>
        {
            Directory.CreateDirectory(Path.Combine(_root, OwnNames.Quarantine));
            File.Move(Full(path), Aside(name), overwrite: false);
        });
        return new(FileRemoval.Removed);
    }

    public ValueTask<bool> RestoreAsync(string name, string path, CancellationToken cancellationToken)
    {
        if (StoragePath.Refusal(path) is not null || !File.Exists(Aside(name)) || Probe(path).Kind != FileProbeKind.Missing)
        {
            return new(false);
        }

        Run(() =>
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Full(path))!);
            File.Move(Aside(name), Full(path), overwrite: false);
        });
        return new(true);
    }

    public ValueTask PurgeAsync(string name, CancellationToken cancellationToken)
    {
        Run(() => File.Delete(Aside(name)));
        return ValueTask.CompletedTask;
    }

    public ValueTask<string?> ReadMarkerAsync(CancellationToken cancellationToken)
    {
        RequireRoot();
        var marker = Path.Combine(_root, OwnNames.Marker);
        return new(File.Exists(marker) ? File.ReadAllText(marker, Encoding.UTF8).Trim() : null);
    }

    public ValueTask WriteMarkerAsync(string text, CancellationToken cancellationToken)
    {
        RequireRoot();
        var draft = Path.Combine(_root, _draft);
        using (var file = new FileStream(draft, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            file.Write(Encoding.UTF8.GetBytes(text + "\n"));
            file.Flush(flushToDisk: true);
        }

        File.Move(draft, Path.Combine(_root, OwnNames.Marker), overwrite: true);
        return ValueTask.CompletedTask;
    }

    public FileStream Create(string path)
    {
        RequireValid(path);
        Directory.CreateDirectory(Path.GetDirectoryName(Full(path))!);
        return Probe(path).Kind == FileProbeKind.Missing
            ? new FileStream(Full(path), FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 0)
            : throw new IOException($"{path} exists, or a link is in the way.");
    }

    public FileStream? OpenRead(string path)
    {
        RequireValid(path);
        var probe = Probe(path);
        return probe.Kind switch
        {
            FileProbeKind.Missing => null,
            FileProbeKind.Refused => throw new IOException($"{path} is refused: {probe.Error}."),
            _ => new FileStream(Full(path), FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0),
        };
    }

    private static void RequireValid(string path)
    {
        if (StoragePath.Refusal(path) is { } refusal)
        {
            throw new ArgumentException($"The path is refused: {refusal}.", nameof(path));
        }
    }

    private static void Run(Action action)
    {
        try
        {
            action();
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new FileAttemptException("EACCES", exception);
        }
    }

    private string Full(string path) => Path.Join(_root, path);

    private string Aside(string name) => Path.Combine(_root, OwnNames.Quarantine, name);

    private void RequireRoot()
    {
        if (!Directory.Exists(_root))
        {
            throw new DirectoryNotFoundException($"Cannot open the root folder {_root}. Create it, or mount it.");
        }
    }

    private FileProbe Probe(string path)
    {
        var current = _root;
        var components = path.Split('/');
        for (var i = 0; i < components.Length; i++)
        {
            current = Path.Join(current, components[i]);
            var info = new FileInfo(current);
            var attributes = info.Attributes;
            if ((int)attributes == -1)
            {
                return FileProbe.Missing;
            }

            if ((attributes & FileAttributes.ReparsePoint) != 0)
            {
                return FileProbe.Refused("link");
            }

            var isFolder = (attributes & FileAttributes.Directory) != 0;
            if (i < components.Length - 1)
            {
                if (!isFolder)
                {
                    return FileProbe.Refused("parent_not_a_folder");
                }

                continue;
            }

            return isFolder ? FileProbe.Refused("not_a_file") : Describe(info);
        }

        return FileProbe.Missing;
    }

    private static FileProbe Describe(FileInfo info)
    {
        var latest = info.LastWriteTimeUtc > info.CreationTimeUtc ? info.LastWriteTimeUtc : info.CreationTimeUtc;
        var identity = string.Create(CultureInfo.InvariantCulture, $"{info.CreationTimeUtc.Ticks:x}-{info.LastWriteTimeUtc.Ticks:x}-{info.Length:x}");
        return new(FileProbeKind.File, new(identity), info.Length, new DateTimeOffset(latest, TimeSpan.Zero), 1, null);
    }

    private FileRemoval? Find(string path, FileIdentity expected)
    {
        if (StoragePath.Refusal(path) is { } refusal)
        {
            throw new FileAttemptException(refusal, isRetryable: false);
        }

        RequireRoot();
        var probe = Probe(path);
        return probe.Kind switch
        {
            FileProbeKind.Missing => FileRemoval.Missing,
            FileProbeKind.Refused => throw new FileAttemptException(probe.Error!, isRetryable: false),
            _ when probe.Identity != expected => FileRemoval.Changed,
            _ => null,
        };
    }
}
