using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Resilience.Sse.Tests.Support;
using Resilience.TestKit;

namespace Resilience.Sse.Tests.Stress;

/// <summary>What a delivery allocates from the publisher to the server's writer, through the real manager, pump and connections.</summary>
[Collection(nameof(Alone))]
public sealed class DeliveryAllocationTests
{
    [Fact]
    public async Task I12_From_the_publisher_to_the_servers_writer_a_delivery_allocates_less_than_8_bytes()
    {
        const int connections = 200;
        const int events = 300;
        await using var app = await TestApp.StartAsync();
        var connector = app.App.Services.GetRequiredService<SseConnector>();
        var delivered = new Counter();
        var streams = Enumerable.Range(0, connections).Select(_ => connector.ExecuteAsync(Request(delivered), SseResults.Subscribe("c"))).ToList();
        var message = SseMessage.FromText("0123456789");
        await RoundAsync(events);
        var before = GC.GetTotalAllocatedBytes(precise: true);
        await RoundAsync(events);
        var perDelivery = (GC.GetTotalAllocatedBytes(precise: true) - before) / (double)(connections * events);
        perDelivery.ShouldBeLessThan(8);
        app.Manager.GetStatistics().EventsSent.ShouldBe(2 * connections * events);
        (await app.Manager.CloseAsync(SseTarget.All, "bye")).ShouldBe(connections);
        await Task.WhenAll(streams).Within();

        async Task RoundAsync(int count)
        {
            for (var i = 0; i < count; i++)
            {
                var target = delivered.Value + connections;
                await app.Publisher.PublishAsync("c", message);
                var spin = new SpinWait();
                while (delivered.Value < target)
                {
                    spin.SpinOnce();
                }
            }
        }
    }

    private static DefaultHttpContext Request(Counter delivered)
    {
        var server = new Server(delivered);
        var http = new DefaultHttpContext();
        http.Features.Set<IHttpRequestFeature>(server);
        http.Features.Set<IHttpResponseBodyFeature>(server);
        return http;
    }

    private sealed class Counter
    {
        private long _value;

        public long Value => Volatile.Read(ref _value);

        /// <summary>Counts the events in what was written, however they were put together.</summary>
        public void Add(ReadOnlySpan<byte> written) => Interlocked.Add(ref _value, written.Count("data: "u8));
    }

    /// <summary>One object for the request and its body, as a server's own is, so that nothing lies between the stream and the writer.</summary>
    private sealed class Server(Counter delivered) : HttpRequestFeature, IHttpResponseBodyFeature
    {
        public Stream Stream => Stream.Null;

        public PipeWriter Writer { get; } = new CountingWriter(delivered);

        public void DisableBuffering()
        {
        }

        public Task StartAsync(CancellationToken cancellationToken = default) => Task.CompletedTask;

        public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public Task CompleteAsync() => Task.CompletedTask;
    }

    private sealed class CountingWriter(Counter delivered) : PipeWriter
    {
        private readonly byte[] _buffer = new byte[4096];

        public override void Advance(int bytes) => delivered.Add(_buffer.AsSpan(0, bytes));

        public override Memory<byte> GetMemory(int sizeHint = 0) => _buffer;

        public override Span<byte> GetSpan(int sizeHint = 0) => _buffer;

        public override void CancelPendingFlush()
        {
        }

        public override void Complete(Exception? exception = null)
        {
        }

        public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
        {
            delivered.Add(source.Span);
            return default;
        }

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => default;
    }
}
