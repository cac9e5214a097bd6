using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Resilience.Storage.Internal;

/// <content>The quarantine and the marker: names of the library's own, directly below the root.</content>
internal sealed partial class LinuxFileStore
{
    public ValueTask<FileRemoval> SetAsideAsync(string path, string name, FileIdentity expected, CancellationToken cancellationToken)
    {
        var (folder, file) = Checked(path);
        using var from = OpenFolder(folder, out var error);
        if (from is null)
        {
            return error == Native.ENOENT ? new(FileRemoval.Missing) : throw Failure("open", folder, error);
        }

        if (Verify(from.Handle, file, expected) is { } different)
        {
            return new(different);
        }

        using var quarantine = OpenQuarantine(create: true)!;
        Systematic.Interleave("storage.quarantine");
        if (Native.RenameNoReplace(from.Handle, file, quarantine, name) != 0)
        {
            error = Marshal.GetLastPInvokeError();
            return error == Native.ENOENT ? new(FileRemoval.Missing) : throw Failure("set aside", path, error);
        }

        Sync(quarantine, OwnNames.Quarantine);
        Sync(from.Handle, folder);
        return new(FileRemoval.Removed);
    }

    public ValueTask<bool> RestoreAsync(string name, string path, CancellationToken cancellationToken)
    {
        var (folder, file) = Checked(path);
        using var quarantine = OpenQuarantine(create: false);
        if (quarantine is null)
        {
            return new(false);
        }

        using var to = OpenOrCreateFolder(folder);
        if (Native.RenameNoReplace(quarantine, name, to.Handle, file) != 0)
        {
            var error = Marshal.GetLastPInvokeError();
            return error is Native.ENOENT or Native.EEXIST ? new(false) : throw Failure("restore", path, error);
        }

        Sync(to.Handle, folder);
        Sync(quarantine, OwnNames.Quarantine);
        return new(true);
    }

    public ValueTask PurgeAsync(string name, CancellationToken cancellationToken)
    {
        using var quarantine = OpenQuarantine(create: false);
        if (quarantine is not null)
        {
            if (Native.UnlinkAt(quarantine, name, 0) != 0 && Marshal.GetLastPInvokeError() is var error && error != Native.ENOENT)
            {
                throw Failure("purge", name, error);
            }

            Sync(quarantine, OwnNames.Quarantine);
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask<string?> ReadMarkerAsync(CancellationToken cancellationToken)
    {
        RequireSameRoot();
        using var file = Native.OpenAt(Root(), OwnNames.Marker, Native.O_RDONLY | Native.O_NOFOLLOW | Native.O_NONBLOCK | Native.O_CLOEXEC, 0);
        if (file.IsInvalid)
        {
            var error = Marshal.GetLastPInvokeError();
            return error == Native.ENOENT ? new((string?)null) : throw Failure("read", OwnNames.Marker, error);
        }

        Span<byte> buffer = stackalloc byte[512];
        var length = RandomAccess.Read(file, buffer, 0);
        return new(Encoding.UTF8.GetString(buffer[..length]).Trim());
    }

    public ValueTask WriteMarkerAsync(string text, CancellationToken cancellationToken)
    {
        var root = Root();
        lock (_opening)
        {
            if (Native.UnlinkAt(root, _draft, 0) != 0 && Marshal.GetLastPInvokeError() is var stale && stale != Native.ENOENT)
            {
                throw Failure("write", _draft, stale);
            }

            using (var file = Native.OpenAt(root, _draft, Native.O_WRONLY | Native.O_CREAT | Native.O_EXCL | Native.O_NOFOLLOW | Native.O_CLOEXEC, 0b110_100_000))
            {
                if (file.IsInvalid)
                {
                    throw Failure("write", _draft, Marshal.GetLastPInvokeError());
                }

                RandomAccess.Write(file, Encode(text + "\n"), 0);
                RandomAccess.FlushToDisk(file);
            }

            if (Native.RenameAt(root, _draft, root, OwnNames.Marker) != 0)
            {
                throw Failure("write", OwnNames.Marker, Marshal.GetLastPInvokeError());
            }

            Sync(root, string.Empty);
        }

        return ValueTask.CompletedTask;
    }

    private SafeFileHandle? OpenQuarantine(bool create)
    {
        var root = Root();
        if (create && Native.MkdirAt(root, OwnNames.Quarantine, 0b111_000_000) == 0)
        {
            Sync(root, string.Empty);
        }

        var folder = Native.OpenAt(root, OwnNames.Quarantine, FolderFlags | Native.O_NOFOLLOW, 0);
        if (!folder.IsInvalid)
        {
            return folder;
        }

        var error = Marshal.GetLastPInvokeError();
        folder.Dispose();
        return error == Native.ENOENT && !create ? null : throw Failure("open", OwnNames.Quarantine, error);
    }
}
