using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace Resilience.Sse.Tests.Support;

/// <summary>What the kernel holds for a socket, by its own account: buffers sent and not acknowledged, unsent, received and unread, and set aside.</summary>
internal static class KernelMemory
{
    private const int SolSocket = 1;
    private const int SoMemInfo = 55;

    public static long Held(Socket socket)
    {
        Span<byte> info = stackalloc byte[36];
        socket.GetRawSocketOption(SolSocket, SoMemInfo, info);
        var (received, sent, setAside, queued) = (Word(info, 0), Word(info, 2), Word(info, 4), Word(info, 5));
        return received + Math.Max(sent, queued) + setAside;
    }

    private static long Word(ReadOnlySpan<byte> info, int index) => BinaryPrimitives.ReadUInt32LittleEndian(info[(index * 4)..]);
}

/// <summary>The server's ends of connections, found by the client's port.</summary>
internal sealed class ServerSockets
{
    /// <summary>The most that lies in the process for one stalled stream: what the server's pipe takes before a flush waits, and one slice.</summary>
    public const long InProcess = (64 + 32) * 1024;

    private readonly ConcurrentDictionary<int, Socket> _byPort = new();

    public void Capture(WebApplication app) => app.Use((context, next) =>
    {
        _byPort[context.Connection.RemotePort] = context.Features.GetRequiredFeature<IConnectionSocketFeature>().Socket;
        return next(context);
    });

    public long Held(Socket client) => KernelMemory.Held(_byPort[((System.Net.IPEndPoint)client.LocalEndPoint!).Port]);
}
