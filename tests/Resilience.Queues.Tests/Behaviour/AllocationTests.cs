using Microsoft.Extensions.DependencyInjection;
using Resilience.TestKit;

namespace Resilience.Queues.Tests.Behaviour;

public sealed class AllocationTests
{
    [Fact]
    public async Task A_delivery_in_a_batch_costs_one_object_beyond_the_item()
    {
        const int batch = 100;
        const int rounds = 200;
        using var meters = new TestMeterFactory();
        var services = new ServiceCollection();
        services.AddSingleton<System.Diagnostics.Metrics.IMeterFactory>(meters);
        services.AddDelayedQueue<object>("test");
        await using var provider = services.BuildServiceProvider();
        var queue = provider.GetRequiredService<IDelayedQueue<object>>();
        var item = new object();
        var requests = Enumerable.Range(0, batch).Select(_ => new EnqueueRequest<object>(item)).ToArray();
        Delivery<object>? sample = null;

        await CycleAsync(50);
        var bytes = GC.GetAllocatedBytesForCurrentThread();
        await CycleAsync(rounds);
        var perDelivery = (double)(GC.GetAllocatedBytesForCurrentThread() - bytes) / (batch * rounds);

        // A delivery and its share of the results and the list of its batch. The smallest object takes 24 bytes, so there is no room for a second one.
        sample.ShouldNotBeNull();
        var shared = BytesOf(static () => new EnqueueResult[batch]) + BytesOf(static () => new List<Delivery<object>>(batch));
        var delivery = BytesOf(static () => new Delivery<object>(null!, default, 0));
        perDelivery.ShouldBeInRange(delivery, delivery + (shared / batch) + 12);

        async Task CycleAsync(int count)
        {
            for (var i = 0; i < count; i++)
            {
                await queue.EnqueueBatchAsync(requests);
                var deliveries = await queue.ClaimAsync(batch, TimeSpan.Zero);
                sample = deliveries[0];
                await queue.AcknowledgeAsync(deliveries);
            }
        }
    }

    [Theory]
    [InlineData("events")]
    [InlineData("room:1")]
    public void Notifying_an_append_allocates_nothing(string key)
    {
        using var meters = new TestMeterFactory();
        var services = new ServiceCollection();
        services.AddSingleton<System.Diagnostics.Metrics.IMeterFactory>(meters);
        services.AddStreamTrimmer(static o => o.AddStream("events").AddFamily("room:")).UseStore(static _ => new NoStreams());
        using var provider = services.BuildServiceProvider();
        var trimmer = provider.GetRequiredService<IStreamTrimmer>();
        trimmer.NotifyAppended(key);

        // Until it is compiled for good, which happens beside the test, it may box; from then on one write to the channel takes a place that is there already.
        var clock = TimeProvider.System;
        var started = clock.GetTimestamp();
        long allocated;
        do
        {
            allocated = Notify(10_000);
        }
        while (allocated >= 1024 && clock.GetElapsedTime(started) < TimeSpan.FromSeconds(20));

        allocated.ShouldBeLessThan(1024);

        long Notify(int count)
        {
            var bytes = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < count; i++)
            {
                trimmer.NotifyAppended(key);
            }

            return GC.GetAllocatedBytesForCurrentThread() - bytes;
        }
    }

    private static double BytesOf(Func<object> create)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            GC.KeepAlive(create());
        }

        return (GC.GetAllocatedBytesForCurrentThread() - before) / 1000.0;
    }

    private sealed class NoStreams : IStreamTrimStore
    {
        public ValueTask<TrimResult> TrimAsync(TrimRequest request, CancellationToken cancellationToken = default) => throw new IOException("none");

        public ValueTask<ServerMemory> GetMemoryAsync(CancellationToken cancellationToken = default) => throw new IOException("none");
    }
}
