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
            for (var round = -1; round < Rounds; round++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var allocated = GC.GetTotalAllocatedBytes(precise: true);
                var cost = await QueueAsync(queue);
                bytes = (GC.GetTotalAllocatedBytes(precise: true) - allocated) / (double)Cycles;
                var peerCost = Peer(peer);
                if (round >= 0)
                {
                    (ours, theirs) = (Math.Min(ours, cost), Math.Min(theirs, peerCost));
                }
            }

            rows.Add(new ResultRow($"PriorityQueue under a lock (no lease, no acknowledgement), {pending:N0} pending", theirs, "ns/cycle", 1));
            rows.Add(new ResultRow($"Resilience.Queues, {pending:N0} pending", ours, "ns/cycle", ours / theirs));
            rows.Add(new ResultRow($"Resilience.Queues, {pending:N0} pending, allocated", bytes, "B/cycle"));
        }

        return new LoadTestResult(rows, $"Target: at most 1,000 ns a cycle over 10,000 pending. Best of {Rounds} alternating rounds of {Cycles:N0} cycles.");
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

    /// <summary>What one would write by hand.</summary>
    private sealed class LockedPriorityQueue
    {
        private readonly Lock _gate = new();
        private readonly PriorityQueue<object, long> _queue = new();
        private readonly object _item = new();

        public LockedPriorityQueue(int pending)
        {
            for (var i = 0; i < pending; i++)
            {
                _queue.Enqueue(_item, long.MaxValue - i);
            }
        }

        public void Add(long due)
        {
            lock (_gate)
            {
                _queue.Enqueue(_item, due);
            }
        }

        public object Take()
        {
            lock (_gate)
            {
                return _queue.Dequeue();
            }
        }
    }
}
