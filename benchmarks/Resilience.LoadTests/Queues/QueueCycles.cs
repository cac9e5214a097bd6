using System.Runtime.CompilerServices;
using Microsoft.Extensions.DependencyInjection;
using Resilience.Benchmarks;
using Resilience.Queues;

namespace Resilience.LoadTests.Queues;

/// <summary>Enqueue, claim and acknowledge in memory, on one thread, over a number of pending messages.</summary>
internal sealed class QueueCycles : ILoadTest
{
    private const int Cycles = 300_000;
    private const int Batch = 100;
    private const int Rounds = 5;

    public string Question => "In memory, one thread, batches of 100: what does a full cycle of enqueue, claim and acknowledge cost over 10,000, 100,000 and 1,000,000 pending messages?";

    public async Task<LoadTestResult> RunAsync(CancellationToken cancellationToken)
    {
        var rows = new List<ResultRow>();
        foreach (var pending in new[] { 10_000, 100_000, 1_000_000 })
        {
            await using var services = QueueHosts.InMemory(pending + (2 * Batch));
            var queue = services.GetRequiredService<IDelayedQueue<object>>();
            await QueueHosts.FillAsync(queue, pending, cancellationToken);
            var peer = new LockedPriorityQueue(pending);
            var ours = double.MaxValue;
            var theirs = double.MaxValue;
            var bytes = 0.0;
            var peerBytes = 0.0;
            var delays = new DelayPerMessage(pending);
            for (var round = -1; round < Rounds; round++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var allocated = GC.GetTotalAllocatedBytes(precise: true);
                var cost = await QueueAsync(queue);
                bytes = (GC.GetTotalAllocatedBytes(precise: true) - allocated) / (double)Cycles;
                allocated = GC.GetTotalAllocatedBytes(precise: true);
                var peerCost = Peer(peer);
                peerBytes = (GC.GetTotalAllocatedBytes(precise: true) - allocated) / (double)Cycles;
                await delays.RunAsync(Cycles);
                if (round >= 0)
                {
                    (ours, theirs) = (Math.Min(ours, cost), Math.Min(theirs, peerCost));
                }
            }

            delays.Stop();

            rows.Add(new ResultRow($"PriorityQueue under a lock (no lease, no acknowledgement), {pending:N0} pending", theirs, "ns/cycle", 1, peerBytes));
            rows.Add(new ResultRow($"One Task.Delay per message, processor time, {pending:N0} pending", delays.Nanoseconds, "ns/cycle", delays.Nanoseconds / theirs, delays.Bytes));
            rows.Add(new ResultRow($"Resilience.Queues, {pending:N0} pending", ours, "ns/cycle", ours / theirs, bytes));
        }

        var delivery = BytesOf(static () => RuntimeHelpers.GetUninitializedObject(typeof(Delivery<object>)));
        var perBatch = BytesOf(static () => new EnqueueResult[Batch]) + BytesOf(static () => new List<Delivery<object>>(Batch));
        rows.Add(new ResultRow("Resilience.Queues, what is allocated beyond the lists of a batch, in deliveries", (rows[^1].Bytes!.Value - (perBatch / Batch)) / delivery, "objects/cycle", null, delivery));
        return new LoadTestResult(
            rows,
            $"Target: at most 1,000 ns a cycle over 10,000 pending, and at most one allocation for a delivery. Best of {Rounds} alternating rounds of {Cycles:N0} cycles.",
$"A delivery is one object of {delivery:N0} B; for each batch of {Batch} there are the array of results and the list of deliveries, {perBatch:N0} B together.");
    }

    private static async Task<double> QueueAsync(IDelayedQueue<object> queue)
    {
        var item = new object();
        var requests = Enumerable.Range(0, Batch).Select(_ => new EnqueueRequest<object>(item)).ToArray();
        var began = TimeProvider.System.GetTimestamp();
        for (var i = 0; i < Cycles / Batch; i++)
        {
            await queue.EnqueueBatchAsync(requests);
            var deliveries = await queue.ClaimAsync(Batch, TimeSpan.Zero);
            await queue.AcknowledgeAsync(deliveries);
        }

        return TimeProvider.System.GetElapsedTime(began).TotalNanoseconds / Cycles;
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

    private static double Peer(LockedPriorityQueue queue)
    {
        var began = TimeProvider.System.GetTimestamp();
        for (var i = 0; i < Cycles; i++)
        {
            queue.Add(TimeProvider.System.GetTimestamp());
            queue.Take();
        }

        return TimeProvider.System.GetElapsedTime(began).TotalNanoseconds / Cycles;
    }
}
