using System.IO.Pipelines;
using Resilience.Sse.Tests.Support;
using Resilience.TestKit;

namespace Resilience.Sse.Tests.Stress;

[Collection(nameof(Alone))]
public sealed class AllocationTests
{
    [Fact]
    public async Task I12_A_publication_allocates_for_itself_and_nothing_for_each_of_its_readers()
    {
        const int readers = 500;
        const int events = 200;
        var hub = Hubs.Create(new HubLimits());
        var delivered = 0L;
        using var stop = new CancellationTokenSource();
        var loops = Enumerable.Range(0, readers).Select(_ => ReadAsync(hub, () => Interlocked.Increment(ref delivered), stop.Token)).ToList();
        await RoundAsync(200);
        var before = GC.GetTotalAllocatedBytes(precise: true);
        await RoundAsync(events);
        var perDelivery = (GC.GetTotalAllocatedBytes(precise: true) - before) / (double)(readers * events);
        perDelivery.ShouldBeLessThan(8);
        await stop.CancelAsync();
        hub.Publish("c");
        await Task.WhenAll(loops).Within();

        async Task RoundAsync(int count)
        {
            for (var i = 0; i < count; i++)
            {
                var target = Interlocked.Read(ref delivered) + readers;
                hub.Publish("c", "0123456789");
                var spin = new SpinWait();
                while (Interlocked.Read(ref delivered) < target)
                {
                    spin.SpinOnce();
                }
            }

            await Task.Yield();
        }
    }

    private static async Task ReadAsync(SseHub hub, Action delivered, CancellationToken stop)
    {
        var signal = new WakeSignal();
        var cursor = new HubCursor(hub, signal, 64);
        var source = new HubSource(cursor);
        source.Open(["c"], null, hub.Head, "sse.gap");
        var writer = new NullWriter();
        while (!stop.IsCancellationRequested)
        {
            for (var left = source.Fill(writer, false).Events; left > 0; left--)
            {
                delivered();
            }

            await signal.WaitAsync();
        }

        cursor.Close();
    }

    private sealed class NullWriter : PipeWriter
    {
        private readonly byte[] _buffer = new byte[64 * 1024];

        public override void Advance(int bytes)
        {
        }

        public override Memory<byte> GetMemory(int sizeHint = 0) => _buffer;

        public override Span<byte> GetSpan(int sizeHint = 0) => _buffer;

        public override void CancelPendingFlush()
        {
        }

        public override void Complete(Exception? exception = null)
        {
        }

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => default;
    }
}
