using System.Buffers.Binary;
using System.Net.Sockets;

namespace Resilience.TestKit.Network.Internal;

/// <summary>What the kernel knows about a TCP connection.</summary>
internal static class SocketQueue
{
    private const int IpProtoTcp = 6;
    private const int TcpInfo = 11;
    private const int UnackedOffset = 24;
    private const int NotSentOffset = 144;
    private const int Length = 148;

    /// <summary>Segments that were sent and not acknowledged by the peer.</summary>
    public static uint Unacknowledged(Socket socket) => Read(socket, UnackedOffset);

    /// <summary>Waits until the peer's kernel has everything. The interval is of the machine's clock: this is about the kernel, not about the test.</summary>
    public static async Task WhenAcknowledgedAsync(Socket socket, CancellationToken cancellationToken)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        while (Unacknowledged(socket) > 0 || Read(socket, NotSentOffset) > 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, cancellationToken).ConfigureAwait(false);
        }
    }

    private static uint Read(Socket socket, int offset)
    {
        Span<byte> info = stackalloc byte[Length];
        var length = socket.GetRawSocketOption(IpProtoTcp, TcpInfo, info);
        return length >= offset + sizeof(uint)
            ? BinaryPrimitives.ReadUInt32LittleEndian(info[offset..])
            : throw new PlatformNotSupportedException($"TCP_INFO has {length} bytes; {offset + sizeof(uint)} are needed.");
    }
}
