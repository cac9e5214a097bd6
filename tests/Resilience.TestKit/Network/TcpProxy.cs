using System.Net;
using System.Net.Sockets;
using Resilience.TestKit.Network.Internal;

namespace Resilience.TestKit;

/// <summary>A TCP proxy before a real server that does on purpose what networks do by accident: delay, stall, lose, cut, close one half.</summary>
/// <remarks>
/// What a lane is told (<see cref="ToServer"/>, <see cref="ToClient"/>) holds for the connections that exist and for those to come. Thread-safe.
/// </remarks>
public sealed class TcpProxy : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly EndPoint _target;
    private readonly Socket _listener;
    private readonly HashSet<ProxyConnection> _connections = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;
    private long _accepted;
    private bool _refuse;
    private bool _disposed;

    /// <summary>Starts to listen on a free port of the loopback address.</summary>
    /// <param name="target">The server.</param>
    /// <param name="timeProvider">The clock of the delays; null for the system's.</param>
    public TcpProxy(EndPoint target, TimeProvider? timeProvider = null)
    {
        ArgumentNullException.ThrowIfNull(target);
        _target = target;
        ToServer = new ProxyLane(timeProvider ?? TimeProvider.System);
        ToClient = new ProxyLane(timeProvider ?? TimeProvider.System);
        _listener = FreePort.Listen();
        _accepting = AcceptAsync();
    }

    /// <summary>Where clients connect.</summary>
    public IPEndPoint EndPoint => (IPEndPoint)_listener.LocalEndPoint!;

    /// <summary>The port where clients connect.</summary>
    public int Port => EndPoint.Port;

    /// <summary>What goes from clients to the server.</summary>
    public ProxyLane ToServer { get; }

    /// <summary>What goes from the server to clients.</summary>
    public ProxyLane ToClient { get; }

    /// <summary>Whether new connections are reset at once instead of being passed on. Whoever sets it and then cuts leaves no connection behind.</summary>
    /// <value>false.</value>
    public bool Refuse
    {
        get
        {
            lock (_gate)
            {
                return _refuse;
            }
        }

        set
        {
            lock (_gate)
            {
                _refuse = value;
            }
        }
    }

    /// <summary>Number of connections that were taken so far, refused ones included.</summary>
    public long Accepted
    {
        get
        {
            lock (_gate)
            {
                return _accepted;
            }
        }
    }

    /// <summary>Number of connections that are open now.</summary>
    public int Active
    {
        get
        {
            lock (_gate)
            {
                return _connections.Count;
            }
        }
    }

    /// <summary>Resets (RST) both sides of every open connection.</summary>
    /// <returns>How many there were.</returns>
    public int Cut()
    {
        var open = Snapshot();
        foreach (var connection in open)
        {
            connection.Reset();
        }

        return open.Length;
    }

    /// <summary>Waits until exactly this many connections are open.</summary>
    /// <param name="count">0 or more.</param>
    /// <exception cref="WatchdogException">It did not happen within 30 s.</exception>
    public Task WhenActiveAsync(int count) =>
        Watchdog.UntilAsync(() => Active == count, detail: () => $"{Active} of {Accepted} accepted", what: $"{count} connections through the proxy");

    /// <summary>Stops listening and resets what is open.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
        }

        await _stop.CancelAsync().ConfigureAwait(false);
        _listener.Dispose();
        await _accepting.ConfigureAwait(false);
        Cut();
        await WhenActiveAsync(0).ConfigureAwait(false);
        _stop.Dispose();
    }

    private ProxyConnection[] Snapshot()
    {
        lock (_gate)
        {
            return [.. _connections];
        }
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                var client = await _listener.AcceptAsync(_stop.Token).ConfigureAwait(false);
                if (Admit(client) is { } connection)
                {
                    _ = ServeAsync(connection);
                }
                else
                {
                    client.Close(0);
                }
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException)
            {
                // A client that was gone before it was accepted.
            }
        }
    }

    /// <summary>Counts a client and lets it in, in one step with the look at <see cref="Refuse"/>; null when it is refused.</summary>
    private ProxyConnection? Admit(Socket client)
    {
        lock (_gate)
        {
            _accepted++;
            if (_refuse)
            {
                return null;
            }

            var connection = new ProxyConnection(client, ToServer, ToClient);
            _connections.Add(connection);
            return connection;
        }
    }

    private async Task ServeAsync(ProxyConnection connection)
    {
        using var owned = connection;
        try
        {
            await connection.RunAsync(_target, _stop.Token).ConfigureAwait(false);
        }
        finally
        {
            lock (_gate)
            {
                _connections.Remove(connection);
            }
        }
    }
}
