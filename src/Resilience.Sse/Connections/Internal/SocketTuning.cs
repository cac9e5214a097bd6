using System.Net.Sockets;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Resilience.Sse;

/// <summary>
/// Makes the kernel say in time what it would hide: a vanished peer (TCP_USER_TIMEOUT; without it unacknowledged data is retried for a quarter of an hour) and a peer
/// that does not read (TCP_NOTSENT_LOWAT; without it megabytes vanish into the send buffer). Linux; where there is no socket, the stalled write alone decides.
/// </summary>
internal static class SocketTuning
{
    private const int Tcp = 6;
    private const int UserTimeout = 18;
    private const int NotSentLowWatermark = 25;

    public static TransportProbe Apply(HttpContext http, SseNode node)
    {
        var shared = HttpProtocol.IsHttp2(http.Request.Protocol) || HttpProtocol.IsHttp3(http.Request.Protocol) ? http.Connection.Id : null;
        if (shared is null && http.Features.Get<IHttpMinResponseDataRateFeature>() is { } rate)
        {
            // The server's own rule counts bytes by the hour; ours counts stalls by the second.
            rate.MinDataRate = null;
        }

        var socket = OperatingSystem.IsLinux() ? http.Features.Get<IConnectionSocketFeature>()?.Socket : null;
        if (socket is null || HttpProtocol.IsHttp3(http.Request.Protocol))
        {
            return new TransportProbe(null, shared);
        }

        try
        {
            Set(socket, UserTimeout, (int)node.Options.StaleTimeout.TotalMilliseconds);
            if (node.Options.SendLowWatermark > 0)
            {
                Set(socket, NotSentLowWatermark, node.Options.SendLowWatermark);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            SseLog.SocketOptionsFailed(node.Logger, e);
        }

        return new TransportProbe(socket, shared);
    }

    private static void Set(Socket socket, int option, int value) => socket.SetRawSocketOption(Tcp, option, BitConverter.GetBytes(value));
}
