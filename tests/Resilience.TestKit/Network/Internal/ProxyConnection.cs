using System.Net;
using System.Net.Sockets;

namespace Resilience.TestKit.Network.Internal;

/// <summary>One client and its connection to the server. It ends when both directions have ended, or at the first reset.</summary>
internal sealed class ProxyConnection(Socket client, ProxyLane toServer, ProxyLane toClient) : IDisposable
{
    private readonly Socket _server = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

    // Never disposed: it has no timer and no wait handle, and a reset may come while the connection ends by itself.
    private readonly CancellationTokenSource _end = new();

    // Guards _closed and the closing of both sockets.
    private readonly Lock _gate = new();

    // Taken when the connection is made: a direction that is told to close before its pump runs must close too.
    private readonly Task _serverHalfClose = toServer.HalfClosing;
    private readonly Task _clientHalfClose = toClient.HalfClosing;
    private bool _closed;

    public async Task RunAsync(EndPoint target, CancellationToken cancellationToken)
    {
        using var link = cancellationToken.UnsafeRegister(static state => ((ProxyConnection)state!).Reset(), this);
        try
        {
            client.NoDelay = true;
            await _server.ConnectAsync(target, _end.Token).ConfigureAwait(false);
            await Task.WhenAll(
                new ProxyPump(client, _server, toServer, _serverHalfClose, Reset, _end.Token).RunAsync(),
                new ProxyPump(_server, client, toClient, _clientHalfClose, Reset, _end.Token).RunAsync()).ConfigureAwait(false);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // What one side does to us, the other side shall see.
            Reset();
        }
    }

    /// <summary>RST to both sides.</summary>
    public void Reset()
    {
        // Linger 0 makes close() send RST and drop what is not yet sent.
        if (TryClose(new LingerOption(true, 0)))
        {
            _end.Cancel();
        }
    }

    public void Dispose() => TryClose(linger: null);

    private bool TryClose(LingerOption? linger)
    {
        lock (_gate)
        {
            if (_closed)
            {
                return false;
            }

            _closed = true;
            if (linger is not null)
            {
                client.LingerState = linger;
                _server.LingerState = linger;
            }

            client.Dispose();
            _server.Dispose();
            return true;
        }
    }
}
