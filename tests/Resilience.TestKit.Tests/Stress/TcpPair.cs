using System.Net;
using System.Net.Sockets;

namespace Resilience.TestKit.Tests.Stress;

/// <summary>A client and the server's end of its connection, directly or through a proxy.</summary>
internal sealed class TcpPair : IDisposable
{
    private TcpPair(Socket client, Socket server)
    {
        Client = client;
        Server = server;
    }

    public Socket Client { get; }

    public Socket Server { get; }

    public static async Task<TcpPair> ConnectAsync(Socket listener, EndPoint? through = null, int? receiveBuffer = null)
    {
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        if (receiveBuffer is { } bytes)
        {
            client.ReceiveBufferSize = bytes;
        }

        await client.ConnectAsync(through ?? listener.LocalEndPoint!).Within();
        return new TcpPair(client, await listener.AcceptAsync().Within());
    }

    public static Socket Listen() => FreePort.Listen();

    public static async Task<byte[]> ReadAsync(Socket socket, int count)
    {
        var buffer = new byte[count];
        for (var read = 0; read < count;)
        {
            var got = await socket.ReceiveAsync(buffer.AsMemory(read)).Within();
            if (got == 0)
            {
                return buffer[..read];
            }

            read += got;
        }

        return buffer;
    }

    public void Dispose()
    {
        Client.Dispose();
        Server.Dispose();
    }
}
