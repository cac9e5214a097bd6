namespace Resilience.Queues.Conformance;

public abstract partial class DelayedQueueConformance
{
    [Fact]
    public async Task Of_a_delivery_and_a_cancellation_in_two_processes_exactly_one_happens()
    {
        const int messages = 1000;
        var queue = await StartAsync(static o => o.MaxSize = messages);
        var results = await queue.EnqueueBatchAsync(Enumerable.Range(0, messages).Select(static i => new EnqueueRequest<string>($"m{i}", Id: $"id{i}")).ToArray());
        var other = NewProcess().Queue;
        var cancelled = new HashSet<string>();
        var delivered = new HashSet<string>();

        await Task.WhenAll(
            Task.Run(async () =>
            {
                foreach (var id in results.Select(static one => one.Id!))
                {
                    if (await queue.CancelAsync(id))
                    {
                        cancelled.Add(id);
                    }
                }
            }),
            Task.Run(async () =>
            {
                while (await other.ClaimAsync(2, TimeSpan.Zero) is { Count: > 0 } deliveries)
                {
                    (await other.AcknowledgeAsync(deliveries)).ShouldBe(deliveries.Count);
                    delivered.UnionWith(deliveries.Select(static one => one.Id));
                }
            }));

        delivered.Overlaps(cancelled).ShouldBeFalse();
        (delivered.Count + cancelled.Count).ShouldBe(messages);
        (await queue.GetStatsAsync()).Size.ShouldBe(0);
    }

    [Fact]
    public async Task Producers_in_several_processes_never_exceed_the_bound_and_none_is_refused_below_it()
    {
        const int bound = 100;
        const int each = 200;
        var processes = new[] { await StartAsync(static o => o.MaxSize = bound), NewProcess().Queue, NewProcess().Queue, NewProcess().Queue };
        var accepted = 0;
        var taken = 0;
        var wrong = 0;

        await Task.WhenAll(processes.Select((queue, process) => Task.Run(async () =>
        {
            for (var i = 0; i < each; i++)
            {
                var result = await queue.EnqueueAsync($"{process}/{i}");
                Interlocked.Add(ref accepted, result.IsAccepted ? 1 : 0);

                // The size is that of the instant of the decision.
                Interlocked.Add(ref wrong, result.IsAccepted ? result.Size is > 0 and <= bound ? 0 : 1 : result is { Status: EnqueueStatus.Full, Size: bound } ? 0 : 1);
                if (i % 4 == 0)
                {
                    var acknowledged = await queue.AcknowledgeAsync(await queue.ClaimAsync(2, TimeSpan.Zero));
                    Interlocked.Add(ref taken, acknowledged);
                }
            }
        })));

        wrong.ShouldBe(0);
        accepted.ShouldBeLessThan(processes.Length * each);
        (await processes[0].GetStatsAsync()).Size.ShouldBe(accepted - taken);
    }
}
