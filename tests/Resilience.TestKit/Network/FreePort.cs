using System.Net;
using System.Net.Sockets;

namespace Resilience.TestKit;

/// <summary>
/// Ports for servers that tests start. They lie below the range from which the system takes the local ports of outgoing connections, so that a server that is
/// killed and started again finds its port free. Thread-safe.
/// </summary>
public static class FreePort
{
    private const int First = 15_000;
    private const int Count = 16_000;

    // Processes that run at the same time start at different places; within a process no port is given twice before all were.
    private static int _next = (int)((Environment.ProcessId * 7919L) % Count);

    /// <summary>A port that nothing listens on at this moment. Another process may take it before the caller does: be ready to try the next.</summary>
    /// <exception cref="InvalidOperationException">All ports of the range are taken.</exception>
    public static int Next()
    {
        for (var i = 0; i < Count; i++)
        {
            var port = First + (int)((uint)Interlocked.Increment(ref _next) % Count);
            if (IsFree(port))
            {
                return port;
            }
        }

        throw new InvalidOperationException($"No port between {First} and {First + Count - 1} is free.");
    }

    /// <summary>A listening socket on a port of the loopback interface that <see cref="Next"/> gave; if another process was quicker, on the next one.</summary>
    public static Socket Listen()
    {
        while (true)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Bind(new IPEndPoint(IPAddress.Loopback, Next()));
                socket.Listen();
                return socket;
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                socket.Dispose();
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }
    }

    private static bool IsFree(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Any, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
