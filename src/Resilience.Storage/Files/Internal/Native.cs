using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Resilience.Storage.Internal;

/// <summary>The system calls of Linux that .NET has no name for. Paths go as bytes: a name need not be valid text.</summary>
internal static unsafe partial class Native
{
    public const int ENOENT = 2;
    public const int EINTR = 4;
    public const int EAGAIN = 11;
    public const int EEXIST = 17;
    public const int EXDEV = 18;
    public const int ENOTDIR = 20;
    public const int EISDIR = 21;
    public const int ENOSYS = 38;
    public const int ELOOP = 40;
    public const int EPERM = 1;
    public const int EINVAL = 22;

    public const int O_RDONLY = 0;
    public const int O_WRONLY = 1;
    public const int O_CREAT = 0x40;
    public const int O_EXCL = 0x80;
    public const int O_NONBLOCK = 0x800;
    public const int O_CLOEXEC = 0x80000;

    public const int AT_SYMLINK_NOFOLLOW = 0x100;
    public const uint STATX_BASIC_AND_BTIME = 0xfff;

    private const long SysOpenat2 = 437;

    // These two differ between x86 and Arm; the rest are the same.
    private static readonly bool Arm = RuntimeInformation.ProcessArchitecture is Architecture.Arm64 or Architecture.Arm;

    public static int O_DIRECTORY => Arm ? 0x4000 : 0x10000;

    public static int O_NOFOLLOW => Arm ? 0x8000 : 0x20000;

    private static long SysRenameat2 => Arm ? 276 : 316;

    public static string ErrorName(int error) => error switch
    {
        EPERM => "EPERM",
        ENOENT => "ENOENT",
        5 => "EIO",
        13 => "EACCES",
        16 => "EBUSY",
        EEXIST => "EEXIST",
        EXDEV => "EXDEV",
        ENOTDIR => "ENOTDIR",
        EISDIR => "EISDIR",
        24 => "EMFILE",
        28 => "ENOSPC",
        30 => "EROFS",
        36 => "ENAMETOOLONG",
        ELOOP => "ELOOP",
        116 => "ESTALE",
        _ => $"errno_{error}",
    };

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial SafeFileHandle Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "openat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial SafeFileHandle OpenAt(SafeFileHandle directory, string name, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "unlinkat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int UnlinkAt(SafeFileHandle directory, string name, int flags);

    [LibraryImport("libc", EntryPoint = "mkdirat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int MkdirAt(SafeFileHandle directory, string name, uint mode);

    [LibraryImport("libc", EntryPoint = "renameat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int RenameAt(SafeFileHandle fromDirectory, string from, SafeFileHandle toDirectory, string to);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    public static partial int Fsync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Statx(SafeFileHandle directory, string name, int flags, uint mask, out StatxBuffer buffer);

    public static SafeFileHandle OpenBeneath(SafeFileHandle directory, string path, int flags)
    {
        // BENEATH | NO_SYMLINKS | NO_MAGICLINKS
        var how = new OpenHow { Flags = (ulong)(uint)flags, Resolve = 0x08 | 0x04 | 0x02 };
        var descriptor = Openat2(SysOpenat2, directory, path, &how, sizeof(OpenHow));
        return new SafeFileHandle((nint)descriptor, ownsHandle: true);
    }

    /// <summary>Renames without ever overwriting.</summary>
    public static int RenameNoReplace(SafeFileHandle fromDirectory, string from, SafeFileHandle toDirectory, string to) =>
        (int)Renameat2(SysRenameat2, fromDirectory, from, toDirectory, to, 1);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial long Openat2(long number, SafeFileHandle directory, string path, OpenHow* how, nint size);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial long Renameat2(long number, SafeFileHandle fromDirectory, string from, SafeFileHandle toDirectory, string to, nint flags);

    [StructLayout(LayoutKind.Sequential)]
    public struct StatxTime
    {
        public long Seconds;
        public uint Nanoseconds;
        public int Reserved;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct StatxBuffer
    {
        public uint Mask;
        public uint BlockSize;
        public ulong Attributes;
        public uint Links;
        public uint User;
        public uint Group;
        public ushort Mode;
        public ushort Spare0;
        public ulong Inode;
        public ulong Size;
        public ulong Blocks;
        public ulong AttributesMask;
        public StatxTime Accessed;
        public StatxTime Born;
        public StatxTime Changed;
        public StatxTime Modified;
        public uint RdevMajor;
        public uint RdevMinor;
        public uint DevMajor;
        public uint DevMinor;
        public fixed ulong Spare[14];
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct OpenHow
    {
        public ulong Flags;
        public ulong Mode;
        public ulong Resolve;
    }
}
