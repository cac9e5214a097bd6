using System.Net;
using System.Net.Sockets;
using System.Text;
using Resilience.TestKit;

namespace Resilience.LoadTests.Sse;

/// <summary>A server and many clients that only count: one marker byte per event.</summary>
internal sealed class SseClients(ISseTarget server) : IAsyncDisposable
{
    private readonly List<Socket> _sockets = [];
    private TaskCompletionSource _reached = new();
    private long _target = long.MaxValue;
    private long _received;
    private int _opened;

    /// <summary>Opens connections and waits until each has its first byte.</summary>
    /// <param name="count">How many.</param>
    /// <param name="path">The path of each, by its number.</param>
    public async Task OpenAsync(int count, Func<int, string>? path = null)
    {
        for (var i = 0; i < count; i++)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, server.Port));
            await socket.SendAsync(Encoding.ASCII.GetBytes($"GET {path?.Invoke(i) ?? "/events"} HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n"));
            _sockets.Add(socket);
            _ = CountAsync(socket);
            if (i % 200 == 199 || i == count - 1)
            {
                await Watchdog.UntilAsync(() => Volatile.Read(ref _opened) == _sockets.Count, TimeSpan.FromSeconds(10));
            }
        }
    }

    /// <summary>
    /// Publishes in portions: each is in flight at once and received by everybody before the next. Returns microseconds of server time per delivery, and deliveries per
    /// second.
    /// </summary>
    public Task<(double CpuPerDelivery, double PerSecond)> PublishAsync(int portions, int inFlight) =>
        DeliverAsync(portions, inFlight * _sockets.Count, () => server.PublishAsync(inFlight));

    /// <summary>The same for publications that only some of the connections get.</summary>
    public async Task<(double CpuPerDelivery, double PerSecond)> DeliverAsync(int portions, int deliveriesEach, Func<Task> publish)
    {
        var cpu = await server.CpuAsync();
        var started = TimeProvider.System.GetTimestamp();
        for (var i = 0; i < portions; i++)
        {
            _reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Interlocked.Exchange(ref _target, Interlocked.Read(ref _received) + deliveriesEach);
            await publish();
            await _reached.Task.Within(TimeSpan.FromSeconds(10));
        }

        var deliveries = (double)portions * deliveriesEach;
        var elapsed = TimeProvider.System.GetElapsedTime(started);
        return ((await server.CpuAsync() - cpu) / deliveries, deliveries / elapsed.TotalSeconds);
    }

    public ValueTask DisposeAsync()
    {
        _sockets.ForEach(static s => s.Dispose());
        return server.DisposeAsync();
    }

    private async Task CountAsync(Socket socket)
    {
        var buffer = new byte[4096];
        var first = true;
        try
        {
            int read;
            while ((read = await socket.ReceiveAsync(buffer)) > 0)
            {
                if (first)
                {
                    first = false;
                    Interlocked.Increment(ref _opened);
                }

                var events = buffer.AsSpan(0, read).Count((byte)'~');
                if (events > 0 && Interlocked.Add(ref _received, events) >= Interlocked.Read(ref _target))
                {
                    _reached.TrySetResult();
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The run is over.
        }
    }
}
