using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Resilience.Sse.Tests.Support;

/// <summary>A client on a plain socket: it can die at any byte, half-close, reset, or stop reading. HTTP/1.1 with chunks, decoded here.</summary>
internal sealed class RawClient : IDisposable
{
    private readonly Socket _socket;
    private readonly ChunkDecoder _chunks = new();
    private readonly byte[] _buffer = new byte[32 * 1024];
    private readonly MemoryStream _head = new();
    private bool _inBody;

    private RawClient(Socket socket) => _socket = socket;

    public SpecParser Parser { get; } = new();

    public int Status { get; private set; }

    public string Headers { get; private set; } = string.Empty;

    /// <summary>The end of the chunked body was seen.</summary>
    public bool Terminated => _chunks.Terminated;

    public bool Closed { get; private set; }

    public long BodyBytes { get; private set; }

    public Socket Socket => _socket;

    public static async Task<RawClient> ConnectAsync(EndPoint server, string path, string? lastEventId = null, int receiveBuffer = 0, IPAddress? from = null)
    {
        var socket = server is IPEndPoint
            ? new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true }
            : new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Unspecified);
        if (receiveBuffer > 0)
        {
            socket.ReceiveBufferSize = receiveBuffer;
        }

        if (from is not null)
        {
            socket.Bind(new IPEndPoint(from, 0));
        }

        await socket.ConnectAsync(server);
        var client = new RawClient(socket);
        var header = lastEventId is null ? string.Empty : $"Last-Event-ID: {lastEventId}\r\n";
        await socket.SendAsync(Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n{header}\r\n"));
        return client;
    }

    public async Task<RawClient> OpenedAsync()
    {
        await ReadUntilAsync(c => c.Parser.Blocks > 0 || c.Status > 200);
        Status.ShouldBe(200);
        return this;
    }

    /// <summary>Reads until the condition holds or the server has closed. Returns whether it holds.</summary>
    public async Task<bool> ReadUntilAsync(Func<RawClient, bool> condition, int atMost = int.MaxValue)
    {
        while (!condition(this))
        {
            if (!await ReadAsync(atMost))
            {
                return condition(this);
            }
        }

        return true;
    }

    /// <summary>One read of at most so many bytes; false when the server has closed.</summary>
    public async Task<bool> ReadAsync(int atMost = int.MaxValue, CancellationToken cancellationToken = default)
    {
        using var watchdog = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var time = new CancellationTokenSource(TimeSpan.FromSeconds(60), TimeProvider.System);
        using var link = time.Token.UnsafeRegister(static s => ((CancellationTokenSource)s!).Cancel(), watchdog);
        int read;
        try
        {
            read = await _socket.ReceiveAsync(_buffer.AsMemory(0, Math.Min(_buffer.Length, atMost)), watchdog.Token);
        }
        catch (SocketException)
        {
            read = 0;
        }

        if (read == 0)
        {
            Closed = true;
            return false;
        }

        Take(_buffer.AsSpan(0, read));
        return true;
    }

    public void Reset()
    {
        _socket.LingerState = new LingerOption(true, 0);
        _socket.Dispose();
    }

    public void HalfClose() => _socket.Shutdown(SocketShutdown.Send);

    public void Dispose() => _socket.Dispose();

    private void Take(ReadOnlySpan<byte> bytes)
    {
        if (_inBody)
        {
            Body(bytes);
            return;
        }

        _head.Write(bytes);
        var all = _head.ToArray();
        var end = all.AsSpan().IndexOf("\r\n\r\n"u8);
        if (end < 0)
        {
            return;
        }

        Headers = Encoding.ASCII.GetString(all, 0, end);
        Status = int.Parse(Headers.AsSpan(9, 3), System.Globalization.CultureInfo.InvariantCulture);
        _inBody = true;
        Body(all.AsSpan(end + 4));
    }

    private void Body(ReadOnlySpan<byte> bytes)
    {
        BodyBytes += bytes.Length;
        if (Headers.Contains("Transfer-Encoding: chunked", StringComparison.OrdinalIgnoreCase))
        {
            _chunks.Feed(bytes, Parser.Feed);
        }
        else
        {
            Parser.Feed(bytes);
        }
    }
}
