using System.Buffers.Binary;
using System.Net.Sockets;

namespace Resilience.Sse;

/// <summary>Asks the kernel whether the peer still acknowledges. Only for the name of the reason: the kernel itself cuts a silent peer. Immutable.</summary>
internal readonly struct TransportProbe(Socket? socket, string? sharedId)
{
    private const int Tcp = 6;
    private const int TcpInfo = 11;
    private const int Closed = 7;
    private const int UnackedOffset = 24;
    private const int LastAckReceivedOffset = 56;

    public string? SharedId => sharedId;

    /// <summary>
    /// Whether data is unacknowledged and nothing has been heard for most of the given time; null where nobody can tell. That is so once the kernel has cut: it has let
    /// go what was unacknowledged, and the peer looks as if it had answered.
    /// </summary>
    public bool? IsSilent(long milliseconds)
    {
        if (socket is null)
        {
            return null;
        }

        try
        {
            Span<byte> info = stackalloc byte[104];
            if (socket.GetRawSocketOption(Tcp, TcpInfo, info) < LastAckReceivedOffset + 4 || info[0] == Closed)
            {
                return null;
            }

            var unacked = BinaryPrimitives.ReadUInt32LittleEndian(info[UnackedOffset..]);
            var heard = BinaryPrimitives.ReadUInt32LittleEndian(info[LastAckReceivedOffset..]);
            return unacked > 0 && heard >= milliseconds / 2;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return null;
        }
    }
}
