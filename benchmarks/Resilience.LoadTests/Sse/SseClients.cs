using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Resilience.TestKit;

namespace Resilience.LoadTests.Sse;

/// <summary>A server and many clients that only count: one marker byte per event.</summary>
internal sealed class SseClients : IAsyncDisposable
{
    private readonly List<Socket> _sockets = [];
    private readonly ChildProcess _server;
    private readonly int _port;
    private TaskCompletionSource _reached = new();
    private long _target = long.MaxValue;
    private long _received;
    private int _opened;

    private SseClients(ChildProcess server, int port)
    {
        _server = server;
        _port = port;
    }

    public static async Task<SseClients> StartAsync(string variant)
    {
        var server = await ChildProcess.StartAsync<SseServer>(variant);
        return new SseClients(server, int.Parse(await server.ReceiveAsync(), CultureInfo.InvariantCulture));
    }

    public async Task OpenAsync(int count)
    {
        for (var i = 0; i < count; i++)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, _port));
            await socket.SendAsync("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray());
            _sockets.Add(socket);
            _ = CountAsync(socket);
            if (i % 200 == 199 || i == count - 1)
            {
                await Watchdog.UntilAsync(() => Volatile.Read(ref _opened) == _sockets.Count, TimeSpan.FromSeconds(10));
            }
        }
    }

    /// <summary>Publishes in portions: each is in flight at once and received by everybody before the next. Returns microseconds of server time per delivery, and deliveries per second.</summary>
    public async Task<(double CpuPerDelivery, double PerSecond)> PublishAsync(int portions, int inFlight)
    {
        var cpu = await CpuAsync();
        var started = TimeProvider.System.GetTimestamp();
        for (var i = 0; i < portions; i++)
        {
            _reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Interlocked.Exchange(ref _target, Interlocked.Read(ref _received) + ((long)inFlight * _sockets.Count));
            await _server.SendAsync($"publish {inFlight}");
            await _reached.Task.Within(TimeSpan.FromSeconds(10));
        }

        var deliveries = (double)portions * inFlight * _sockets.Count;
        var elapsed = TimeProvider.System.GetElapsedTime(started);
        return ((await CpuAsync() - cpu) / deliveries, deliveries / elapsed.TotalSeconds);
    }

    public async Task<long> MemoryAsync()
    {
        await _server.SendAsync("memory");
        return long.Parse(await _server.ReceiveAsync(TimeSpan.FromSeconds(10)), CultureInfo.InvariantCulture);
    }

    public async ValueTask DisposeAsync()
    {
        _sockets.ForEach(static s => s.Dispose());
        await _server.KillAsync();
        await _server.DisposeAsync();
    }

    private async Task<double> CpuAsync()
    {
        await _server.SendAsync("cpu");
        return double.Parse(await _server.ReceiveAsync(), CultureInfo.InvariantCulture);
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
