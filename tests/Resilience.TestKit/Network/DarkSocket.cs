using System.Net.Sockets;
using System.Runtime.InteropServices;
using Resilience.TestKit.Network.Internal;

namespace Resilience.TestKit;

/// <summary>
/// Makes a connected socket go dark: from then on the kernel drops every packet that arrives for it, so that the peer gets no acknowledgement, no data and no reset,
/// as when a cable is pulled or a phone leaves the network. The peer is half-open.
/// </summary>
/// <remarks>
/// Linux only (a filter of the Berkeley kind on the socket; no rights needed). Keep the socket open and do not write to it: a close or a write sends packets, and
/// the peer would learn that somebody is there. Thread-safe.
/// </remarks>
public static class DarkSocket
{
    private const int SolSocket = 1;
    private const int SoAttachFilter = 26;
    private const int SoDetachFilter = 27;

    // One instruction: "return 0", keep no byte of the packet.
    private const ulong DropAll = 0x06;

    /// <summary>Goes dark.</summary>
    /// <param name="socket">A connected TCP socket of this process.</param>
    /// <returns>Dispose it to come back: what the peer still resends arrives. Disposing after the socket was closed does nothing.</returns>
    /// <exception cref="PlatformNotSupportedException">Not on Linux.</exception>
    public static IDisposable Attach(Socket socket)
    {
        ArgumentNullException.ThrowIfNull(socket);
        if (!OperatingSystem.IsLinux() || nint.Size != 8)
        {
            throw new PlatformNotSupportedException("Socket filters need 64-bit Linux.");
        }

        var code = GCHandle.Alloc(new[] { DropAll }, GCHandleType.Pinned);
        try
        {
            // struct sock_fprog: number of instructions, padding, pointer to them. The kernel copies the program.
            Span<byte> program = stackalloc byte[16];
            program.Clear();
            MemoryMarshal.Write(program, (ushort)1);
            MemoryMarshal.Write(program[8..], code.AddrOfPinnedObject());
            socket.SetRawSocketOption(SolSocket, SoAttachFilter, program);
        }
        finally
        {
            code.Free();
        }

        return new Filter(socket);
    }

    /// <summary>Number of segments that a socket has sent and its peer has not acknowledged: above zero and staying there, the peer is dark.</summary>
    /// <param name="socket">A connected TCP socket of this process.</param>
    public static long Unacknowledged(Socket socket)
    {
        ArgumentNullException.ThrowIfNull(socket);
        return SocketQueue.Unacknowledged(socket);
    }

    private sealed class Filter(Socket socket) : IDisposable
    {
        private int _detached;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _detached, 1) == 0 && !socket.SafeHandle.IsClosed)
            {
                socket.SetRawSocketOption(SolSocket, SoDetachFilter, stackalloc byte[4]);
            }
        }
    }
}
