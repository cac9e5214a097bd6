using Microsoft.Extensions.DependencyInjection;
using Resilience.TestKit;

namespace Resilience.Queues.Tests.Stress;

public sealed class FloodTests
{
    [Fact]
    public async Task A_million_adds_against_a_bound_of_ten_thousand_never_exceed_it_and_keep_memory_flat()
    {
        const int bound = 10_000;
        const int producers = 16;
        const int each = 1_000_000 / producers;
        using var meters = new TestMeterFactory();
        await using var services = Build(meters, static o => o.MaxSize = bound);
        var queue = services.GetRequiredService<IDelayedQueue<byte[]>>();
        var payload = new byte[200];
        var accepted = 0;
        var rejected = 0;
        var largest = 0L;
        await Parallel.ForAsync(0, bound, async (_, cancel) => await queue.EnqueueAsync(payload, cancellationToken: cancel));
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var taken = 0;
        using var stop = new CancellationTokenSource();
        var consumer = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                taken += await queue.AcknowledgeAsync(await queue.ClaimAsync(10, TimeSpan.Zero));
                await Task.Yield();
            }
        });

        await Task.WhenAll(Enumerable.Range(0, producers).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < each; i++)
            {
                var result = await queue.EnqueueAsync(payload);
                Interlocked.Increment(ref result.IsAccepted ? ref accepted : ref rejected);
                Max(ref largest, result.Size);
            }
        })));
        await stop.CancelAsync();
        await consumer;

        (accepted + rejected).ShouldBe(1_000_000);
        rejected.ShouldBeGreaterThan(0);
        largest.ShouldBeLessThanOrEqualTo(bound);
        (await queue.GetStatsAsync()).Size.ShouldBe(bound + accepted - taken);
        var grown = GC.GetTotalMemory(forceFullCollection: true) - before;
        // Other tests of the process allocate too; a million entries would take well above 100 MB.
        grown.ShouldBeLessThan(64 << 20);
    }

    [Fact]
    public async Task Sixteen_producers_that_wait_all_get_through_in_their_order_and_the_bound_holds()
    {
        const int bound = 50;
        const int producers = 16;
        const int each = 2_000;
        using var meters = new TestMeterFactory();
        await using var services = Build(meters, static o => (o.MaxSize, o.FullMode, o.EnqueueTimeout) = (bound, QueueFullMode.Wait, TimeSpan.FromHours(1)));
        var queue = services.GetRequiredService<IDelayedQueue<byte[]>>();
        var largest = 0L;
        var next = new int[producers];
        var sending = Enumerable.Range(0, producers).Select(producer => Task.Run(async () =>
        {
            for (var i = 0; i < each; i++)
            {
                var result = await queue.EnqueueAsync(BitConverter.GetBytes((producer * each) + i));
                Max(ref largest, result.EnsureAccepted().Size);
            }
        })).ToArray();

        for (var taken = 0; taken < producers * each;)
        {
            var deliveries = await queue.ClaimAsync(20, Timeout.InfiniteTimeSpan);
            foreach (var number in deliveries.Select(static one => BitConverter.ToInt32(one.Item)))
            {
                // Each producer's messages come in its own order, none is left out and none comes twice.
                next[number / each]++.ShouldBe(number % each);
            }

            var acknowledged = await queue.AcknowledgeAsync(deliveries);
            taken += acknowledged;
        }

        await Task.WhenAll(sending).Within(TimeSpan.FromSeconds(6));
        largest.ShouldBeLessThanOrEqualTo(bound);
        (await queue.GetStatsAsync()).Size.ShouldBe(0);
    }

    [Fact]
    public async Task Of_a_delivery_and_a_cancellation_that_meet_exactly_one_happens()
    {
        const int messages = 20_000;
        using var meters = new TestMeterFactory();
        await using var services = Build(meters, static o => o.MaxSize = messages);
        var queue = services.GetRequiredService<IDelayedQueue<byte[]>>();
        var ids = (await queue.EnqueueBatchAsync(Enumerable.Range(0, messages).Select(static i => new EnqueueRequest<byte[]>(BitConverter.GetBytes(i))).ToArray()))
            .Select(static result => result.Id!).ToArray();
        var cancelled = 0;
        var delivered = 0;
        using var begin = new Barrier(3);
        await Task.WhenAll(
            Task.Run(async () =>
            {
                begin.SignalAndWait();
                foreach (var id in ids)
                {
                    cancelled += await queue.CancelAsync(id) ? 1 : 0;
                }
            }),
            Task.Run(ClaimAllAsync),
            Task.Run(ClaimAllAsync));

        (cancelled + delivered).ShouldBe(messages);
        (await queue.GetStatsAsync()).Size.ShouldBe(0);

        async Task ClaimAllAsync()
        {
            begin.SignalAndWait();
            while (true)
            {
                var batch = await queue.ClaimAsync(3, TimeSpan.Zero);
                if (batch.Count == 0)
                {
                    return;
                }

                Interlocked.Add(ref delivered, await queue.AcknowledgeAsync(batch));
            }
        }
    }

    [Fact]
    public async Task Waiters_that_are_cancelled_at_random_lose_neither_a_message_nor_a_turn()
    {
        const int messages = 20_000;
        using var meters = new TestMeterFactory();
        await using var services = Build(meters, static o => o.MaxSize = messages);
        var queue = services.GetRequiredService<IDelayedQueue<byte[]>>();
        var taken = 0;
        var consumers = Enumerable.Range(0, 8).Select(seed => Task.Run(async () =>
        {
            var random = new Random(seed);
            while (Volatile.Read(ref taken) < messages)
            {
                using var cancel = new CancellationTokenSource();
                var claim = queue.ClaimAsync(1 + random.Next(4), TimeSpan.FromMilliseconds(random.Next(1, 20)), cancel.Token).AsTask();
                if (random.Next(3) == 0)
                {
                    await cancel.CancelAsync();
                }

                try
                {
                    Interlocked.Add(ref taken, await queue.AcknowledgeAsync(await claim));
                }
                catch (OperationCanceledException)
                {
                    // Nothing was taken.
                }
            }
        })).ToArray();

        for (var i = 0; i < messages; i++)
        {
            (await queue.EnqueueAsync([])).EnsureAccepted();
            if (i % 100 == 0)
            {
                await Task.Yield();
            }
        }

        await Task.WhenAll(consumers).Within(TimeSpan.FromSeconds(6));
        taken.ShouldBe(messages);
        (await queue.GetStatsAsync()).Size.ShouldBe(0);
    }

    private static void Max(ref long target, long value)
    {
        long seen;
        while ((seen = Volatile.Read(ref target)) < value && Interlocked.CompareExchange(ref target, value, seen) != seen)
        {
        }
    }

    private static ServiceProvider Build(TestMeterFactory meters, Action<DelayedQueueOptions> configure)
    {
        var services = new ServiceCollection();
        services.AddSingleton<System.Diagnostics.Metrics.IMeterFactory>(meters);
        services.AddDelayedQueue<byte[]>("flood", configure);
        return services.BuildServiceProvider();
    }
}
