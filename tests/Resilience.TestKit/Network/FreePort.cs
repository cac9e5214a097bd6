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
