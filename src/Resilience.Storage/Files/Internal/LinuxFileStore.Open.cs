using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Resilience.Storage.Internal;

/// <content>Opening folders and files below the pinned root.</content>
internal sealed partial class LinuxFileStore
{
    private static int FolderFlags => Native.O_RDONLY | Native.O_DIRECTORY | Native.O_CLOEXEC;

    public FileStream Create(string path)
    {
        var (folder, name) = Checked(path);
        using var parent = OpenOrCreateFolder(folder);
        var file = Native.OpenAt(
            parent.Handle, name, Native.O_WRONLY | Native.O_CREAT | Native.O_EXCL | Native.O_NOFOLLOW | Native.O_CLOEXEC, 0b110_100_000);
        return file.IsInvalid ? throw Failure("create", path, Marshal.GetLastPInvokeError()) : new FileStream(file, FileAccess.Write, bufferSize: 0);
    }

    public FileStream? OpenRead(string path)
    {
        var (folder, name) = Checked(path);
        using var parent = OpenFolder(folder, out var error);
        if (parent is null)
        {
            return error == Native.ENOENT ? null : throw Failure("open", path, error);
        }

        // Non-blocking, so that a pipe of that name cannot hold the caller before it is seen to be no file.
        var file = Native.OpenAt(parent.Handle, name, Native.O_RDONLY | Native.O_NOFOLLOW | Native.O_NONBLOCK | Native.O_CLOEXEC, 0);
        if (file.IsInvalid)
        {
            error = Marshal.GetLastPInvokeError();
            return error == Native.ENOENT ? null : throw Failure("open", path, error);
        }

        if (!TryStat(parent.Handle, name, out var stat, out error) || Describe(stat).Kind != FileProbeKind.File)
        {
            file.Dispose();
            return error == Native.ENOENT ? null : throw new IOException($"{path} is not a regular file.");
        }

        return new FileStream(file, FileAccess.Read, bufferSize: 0);
    }

    private static (string Folder, string Name) Checked(string path) => StoragePath.Refusal(path) is { } refusal
        ? throw new ArgumentException($"The path is refused: {refusal}.", nameof(path))
        : Split(path);

    private SafeFileHandle Root()
    {
        if (_root is { } open)
        {
            return open;
        }

        lock (_opening)
        {
            if (_root is { } opened)
            {
                return opened;
            }

            var root = Native.Open(_rootPath, FolderFlags);
            if (root.IsInvalid)
            {
                var error = Marshal.GetLastPInvokeError();
                throw new DirectoryNotFoundException($"Cannot open the root folder {_rootPath}: {Native.ErrorName(error)}. Create it, or mount it.");
            }

            TryStat(root, ".", out var stat, out _);
            _rootInode = stat.Inode;
            _kernel = _allowKernel && ProbeKernel(root);
            return _root = root;
        }
    }

    private static bool ProbeKernel(SafeFileHandle root)
    {
        using var same = Native.OpenBeneath(root, ".", FolderFlags);
        return !same.IsInvalid;
    }

    /// <summary>Whether the path still leads to the folder that was pinned.</summary>
    private void RequireSameRoot()
    {
        var pinned = Root();
        using var now = Native.Open(_rootPath, FolderFlags);
        if (now.IsInvalid || !TryStat(now, ".", out var stat, out _) || stat.Inode != _rootInode || pinned.IsClosed)
        {
            throw new IOException($"The root folder {_rootPath} is no longer the one that was opened at start; it was moved, replaced or unmounted. Restart the process.");
        }
    }

    /// <summary>The folder, or null and the error. The caller disposes; the root itself stays open.</summary>
    private Folder? OpenFolder(string folder, out int error)
    {
        error = 0;
        var root = Root();
        if (folder.Length == 0)
        {
            return new Folder(root, owned: false);
        }

        var handle = _kernel ? OpenByKernel(root, folder, out error) : OpenByWalk(root, folder, out error);
        return handle is null ? null : new Folder(handle, owned: true);
    }

    private static SafeFileHandle? OpenByKernel(SafeFileHandle root, string folder, out int error)
    {
        // EAGAIN: a rename elsewhere made the kernel unsure; asking again is what it asks for.
        for (var tries = 0; ; tries++)
        {
            var handle = Native.OpenBeneath(root, folder, FolderFlags);
            error = handle.IsInvalid ? Marshal.GetLastPInvokeError() : 0;
            if (!handle.IsInvalid)
            {
                return handle;
            }

            handle.Dispose();
            if (error is not (Native.EAGAIN or Native.EINTR) || tries >= 100)
            {
                return null;
            }
        }
    }

    private static SafeFileHandle? OpenByWalk(SafeFileHandle root, string folder, out int error)
    {
        var current = root;
        foreach (var component in folder.Split('/'))
        {
            var next = Native.OpenAt(current, component, FolderFlags | Native.O_NOFOLLOW, 0);
            error = next.IsInvalid ? Marshal.GetLastPInvokeError() : 0;
            if (error == Native.ENOTDIR && TryStat(current, component, out var stat, out _) && Describe(stat).Error == "link")
            {
                error = Native.ELOOP;
            }

            if (!ReferenceEquals(current, root))
            {
                current.Dispose();
            }

            if (next.IsInvalid)
            {
                next.Dispose();
                return null;
            }

            current = next;
        }

        error = 0;
        return current;
    }

    private Folder OpenOrCreateFolder(string folder)
    {
        if (OpenFolder(folder, out var error) is { } existing)
        {
            return existing;
        }

        if (error != Native.ENOENT)
        {
            throw Failure("open", folder, error);
        }

        var (above, name) = Split(folder);
        using (var parent = OpenOrCreateFolder(above))
        {
            if (Native.MkdirAt(parent.Handle, name, 0b111_101_000) != 0 && Marshal.GetLastPInvokeError() is var failed && failed != Native.EEXIST)
            {
                throw Failure("create", folder, failed);
            }

            Sync(parent.Handle, above);
        }

        return OpenFolder(folder, out error) ?? throw Failure("open", folder, error);
    }

    private sealed class Folder(SafeFileHandle handle, bool owned) : IDisposable
    {
        public SafeFileHandle Handle => handle;

        public void Dispose()
        {
            if (owned)
            {
                handle.Dispose();
            }
        }
    }
}
