using System.Net;
using System.Net.Sockets;
using System.Text;
using Resilience.LoadTests.Peers;
using Resilience.TestKit;

namespace Resilience.LoadTests.Sse;

/// <summary>
/// A server that publishes what is posted to <c>/publish</c>, the same way for all: the requests of a portion go out at once on one connection. Its memory is what is
/// resident.
/// </summary>
internal sealed class HttpTarget : ISseTarget
{
    private const string Body = "~xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";

    private static readonly byte[] Success = "HTTP/1.1 2"u8.ToArray();

    private readonly IAsyncDisposable _process;
    private readonly int _processId;
    private readonly Socket _publisher = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _request;
    private readonly byte[] _answers = new byte[64 * 1024];

    private HttpTarget(IAsyncDisposable process, int processId, int port)
    {
        _process = process;
        _processId = processId;
        Port = port;
        _request = Encoding.ASCII.GetBytes($"POST /publish HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: {Body.Length}\r\n\r\n{Body}");
    }

    public int Port { get; }

    /// <summary>Waits until the server listens.</summary>
    public static async Task<HttpTarget> ConnectAsync(IAsyncDisposable process, int processId, int port)
    {
        var target = new HttpTarget(process, processId, port);
        await Watchdog.UntilAsync(async () =>
        {
            try
            {
                await target._publisher.ConnectAsync(IPAddress.Loopback, port);
                return true;
            }
            catch (SocketException)
            {
                return false;
            }
        });
        return target;
    }

    public async Task PublishAsync(int count)
    {
        var all = new byte[_request.Length * count];
        for (var i = 0; i < count; i++)
        {
            _request.CopyTo(all.AsSpan(i * _request.Length));
        }

        await _publisher.SendAsync(all);
        var kept = 0;
        for (var seen = 0; seen < count;)
        {
            var read = await _publisher.ReceiveAsync(_answers.AsMemory(kept));
            if (read == 0)
            {
                throw new InvalidOperationException("The server closed the publisher's connection.");
            }

            seen += _answers.AsSpan(0, kept + read).Count(Success);

            // The head of an answer may fall on the edge of a read; one byte less than a head cannot be counted twice.
            var tail = Math.Min(Success.Length - 1, kept + read);
            _answers.AsSpan(kept + read - tail, tail).CopyTo(_answers);
            kept = tail;
        }
    }

    public Task<double> CpuAsync() => Task.FromResult(PeerProcess.CpuMicroseconds(_processId));

    public Task<long> MemoryAsync() => Task.FromResult(PeerProcess.ResidentBytes(_processId));

    public async ValueTask DisposeAsync()
    {
        _publisher.Dispose();
        await _process.DisposeAsync();
    }
}
