using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Resilience.Storage.Internal;

/// <summary>
/// The confined file system of Linux. The root is opened once and kept; every path is resolved from that handle, without links, and the last step names an entry
/// in a folder that is open. The worst that a race can do is to hit another entry of a folder inside the root, and the identity check stands before that.
/// Safe for concurrent use.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed partial class LinuxFileStore : IDeletableStore, IQuarantineStore, IRootMarkerStore, IConfinedFiles, IDisposable
{
    private readonly Lock _opening = new();
    private readonly string _rootPath;
    private readonly bool _allowKernel;
    private readonly string _draft = OwnNames.MarkerDraft();
    private volatile SafeFileHandle? _root;
    private bool _kernel;
    private ulong _rootInode;

    public LinuxFileStore(string rootPath, bool allowKernel = true)
    {
        _rootPath = Path.GetFullPath(rootPath);
        _allowKernel = allowKernel;
    }

    public FileConfinement Confinement
    {
        get
        {
            Root();
            return _kernel ? FileConfinement.Kernel : FileConfinement.HandleWalk;
        }
    }

    public ValueTask<FileProbe> ProbeAsync(string path, CancellationToken cancellationToken)
    {
        if (StoragePath.Refusal(path) is { } refusal)
        {
            return new(FileProbe.Refused(refusal));
        }

        var (folder, name) = Split(path);
        using var parent = OpenFolder(folder, out var error);
        if (parent is null)
        {
            return new(error == Native.ENOENT ? FileProbe.Missing : FileProbe.Refused(Confined(error, folder)));
        }

        if (!TryStat(parent.Handle, name, out var stat, out error))
        {
            return error == Native.ENOENT ? new(FileProbe.Missing) : throw Failure("look at", path, error);
        }

        return new(Describe(stat));
    }

    public ValueTask<FileRemoval> DeleteAsync(string path, FileIdentity expected, CancellationToken cancellationToken)
    {
        if (StoragePath.Refusal(path) is { } refusal)
        {
            throw new FileAttemptException(refusal, isRetryable: false);
        }

        var (folder, name) = Split(path);
        using var parent = OpenFolder(folder, out var error);
        if (parent is null)
        {
            return error == Native.ENOENT
                ? new(FileRemoval.Missing)
                : throw new FileAttemptException(Confined(error, folder), isRetryable: false);
        }

        if (Verify(parent.Handle, name, expected) is { } different)
        {
            return new(different);
        }

        Systematic.Interleave("storage.unlink");
        if (Native.UnlinkAt(parent.Handle, name, 0) == 0)
        {
            return new(FileRemoval.Removed);
        }

        error = Marshal.GetLastPInvokeError();
        return error == Native.ENOENT
            ? new(FileRemoval.Missing)
            : throw new FileAttemptException(Native.ErrorName(error), isRetryable: error is not (Native.EISDIR or Native.ENOTDIR));
    }

    public ValueTask FlushAsync(IReadOnlyCollection<string> paths, CancellationToken cancellationToken)
    {
        var folders = new HashSet<string>(StringComparer.Ordinal);
        foreach (var path in paths)
        {
            folders.Add(Split(path).Folder);
        }

        foreach (var folder in folders)
        {
            FlushFolder(folder);
        }

        return ValueTask.CompletedTask;
    }

    public IAsyncEnumerable<string> ListAsync(CancellationToken cancellationToken)
    {
        // Through the pinned handle, so that a root which was replaced meanwhile is not the one that is listed.
        var pinned = $"/proc/self/fd/{Root().DangerousGetHandle().ToString(CultureInfo.InvariantCulture)}/";
        return FileListing.List(Directory.Exists(pinned) ? pinned : _rootPath);
    }

    public void Dispose() => _root?.Dispose();

    internal static FileProbe Describe(in Native.StatxBuffer stat)
    {
        if ((stat.Mode & 0xF000) != 0x8000)
        {
            return FileProbe.Refused((stat.Mode & 0xF000) == 0xA000 ? "link" : "not_a_file");
        }

        var changed = Latest(stat.Modified, stat.Changed, stat.Born);
        return new(FileProbeKind.File, Identity(stat), (long)stat.Size, changed, stat.Links, null);
    }

    // The device is left out: its number may differ after a restart of the machine.
    private static FileIdentity Identity(in Native.StatxBuffer stat) => new(string.Create(
        CultureInfo.InvariantCulture, $"{stat.Inode:x}-{stat.Size:x}-{stat.Born.Seconds:x}.{stat.Born.Nanoseconds:x}"));

    private static DateTimeOffset Latest(params ReadOnlySpan<Native.StatxTime> times)
    {
        var latest = 0L;
        foreach (var time in times)
        {
            latest = Math.Max(latest, (time.Seconds * 1000) + (time.Nanoseconds / 1_000_000));
        }

        return DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(latest, 0, 253_402_300_799_999));
    }

    private static (string Folder, string Name) Split(string path)
    {
        var end = path.LastIndexOf('/');
        return end < 0 ? (string.Empty, path) : (path[..end], path[(end + 1)..]);
    }

    private static bool TryStat(SafeFileHandle folder, string name, out Native.StatxBuffer stat, out int error)
    {
        error = 0;
        if (Native.Statx(folder, name, Native.AT_SYMLINK_NOFOLLOW, Native.STATX_BASIC_AND_BTIME, out stat) == 0)
        {
            return true;
        }

        error = Marshal.GetLastPInvokeError();
        return false;
    }

    /// <summary>Null when the entry is the one that is meant.</summary>
    private static FileRemoval? Verify(SafeFileHandle folder, string name, FileIdentity expected)
    {
        if (!TryStat(folder, name, out var stat, out var error))
        {
            return error == Native.ENOENT ? FileRemoval.Missing : throw new FileAttemptException(Native.ErrorName(error));
        }

        var probe = Describe(stat);
        if (probe.Kind == FileProbeKind.Refused)
        {
            throw new FileAttemptException(probe.Error!, isRetryable: false);
        }

        return probe.Identity == expected ? null : FileRemoval.Changed;
    }

    private static string Confined(int error, string folder) => error switch
    {
        Native.ELOOP => "link",
        Native.EXDEV => "outside_root",
        Native.ENOTDIR => folder.Length == 0 ? "root_not_a_folder" : "parent_not_a_folder",
        _ => Native.ErrorName(error),
    };

    private static IOException Failure(string verb, string path, int error) =>
        new($"Cannot {verb} {StoragePath.Printable(path)}: {Native.ErrorName(error)}.", error);

    private void FlushFolder(string folder)
    {
        while (true)
        {
            using var parent = OpenFolder(folder, out var error);
            if (parent is not null)
            {
                Sync(parent.Handle, folder);
                return;
            }

            if (error != Native.ENOENT || folder.Length == 0)
            {
                throw Failure("flush", folder, error);
            }

            // The folder itself went: what must last is that its name is gone from the one above.
            folder = Split(folder).Folder;
        }
    }

    private static void Sync(SafeFileHandle folder, string name)
    {
        if (Native.Fsync(folder) != 0)
        {
            throw Failure("flush", name, Marshal.GetLastPInvokeError());
        }
    }

    private static byte[] Encode(string text) => Encoding.UTF8.GetBytes(text);
}
