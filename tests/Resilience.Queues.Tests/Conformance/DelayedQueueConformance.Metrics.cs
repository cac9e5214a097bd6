using Resilience.TestKit;

namespace Resilience.Queues.Conformance;

public abstract partial class DelayedQueueConformance
{
    [Fact]
    public async Task Counters_tell_what_happened()
    {
        await StartAsync(static o => (o.MaxSize, o.MaxRetries, o.MaxDeadLetters, o.CleanupBatchSize) = (6, 0, 2, 1));
        var process = NewProcess();
        var queue = process.Queue;
        await queue.EnqueueBatchAsync(new EnqueueRequest<string>[]
        {
            new("acknowledged", Id: "k"), new("duplicate", Id: "k"), new("retried"), new("buried"), new("released"), new("cancelled", Delay: Seconds(5), Id: "c"), new("expired"), new("full"),
        });
        var deliveries = (await queue.ClaimAsync(4, TimeSpan.Zero)).ToDictionary(static one => one.Item);
        await deliveries["acknowledged"].AcknowledgeAsync();
        await deliveries["acknowledged"].AcknowledgeAsync();
        await deliveries["retried"].RetryAsync();
        await deliveries["buried"].DeadLetterAsync();
        await deliveries["released"].ReleaseAsync();
        await queue.CancelAsync("c");
        await queue.CancelAsync("c");
        await Subject.AdvanceAsync(TimeSpan.FromHours(25));
        var cleaned = await queue.CleanupAsync();
        await queue.DeadLetters.RedriveAsync((await queue.DeadLetters.ListAsync())[0].Id);

        cleaned.Removed.ShouldBe(2);
        Counted(process.Metrics).ShouldBe(
        [
            "enqueued 6", "duplicates 1", "rejected/full 1", "claimed 4", "redelivered 0", "settled/acknowledged 1", "settled/retried 0", "settled/released 1",
            "settled/dead_lettered 2", "settled.stale 1", "cancelled 1", "dead_lettered/failures 1", "dead_lettered/permanent 1", "dead_lettered/expired 2",
            "dead_letters.dropped 2", "dead_letters.redriven 1", "cleanup.runs 1", "cleanup.removed 2",
        ]);
        process.Metrics.Count("resilience.queues.lateness").ShouldBe(4);
    }

    /// <summary>The sum of each counter, over all its tags but the one that is named.</summary>
    private static string[] Counted(MetricCollector metrics)
    {
        (string Instrument, string? Tag, string? Value)[] counters =
        [
            ("enqueued", null, null), ("duplicates", null, null), ("rejected", "reason", "full"), ("claimed", null, null), ("redelivered", null, null),
            ("settled", "result", "acknowledged"), ("settled", "result", "retried"), ("settled", "result", "released"), ("settled", "result", "dead_lettered"),
            ("settled.stale", null, null), ("cancelled", null, null), ("dead_lettered", "reason", "failures"), ("dead_lettered", "reason", "permanent"),
            ("dead_lettered", "reason", "expired"), ("dead_letters.dropped", null, null), ("dead_letters.redriven", null, null), ("cleanup.runs", null, null),
            ("cleanup.removed", null, null),
        ];
        return
        [
            .. counters.Select(counter =>
            {
                (string, object?)[] tags = counter.Tag is null ? [] : [(counter.Tag, counter.Value)];
                return $"{counter.Instrument}{(counter.Tag is null ? "" : "/" + counter.Value)} {metrics.Values("resilience.queues." + counter.Instrument, tags).Sum()}";
            }),
        ];
    }
}
