namespace Resilience.Queues.Conformance;

public abstract partial class DelayedQueueConformance
{
    [Fact]
    public async Task The_sixth_failure_is_final()
    {
        var queue = await StartAsync();
        await queue.EnqueueAsync("x", new EnqueueOptions { Id = "x" });
        var waited = new List<double>();

        for (var attempt = 1; attempt <= 6; attempt++)
        {
            var delivery = await ClaimOneAsync(queue);
            delivery.Attempt.ShouldBe(attempt);
            (await delivery.RetryAsync(error: $"failure {attempt}")).ShouldBeTrue();
            for (var seconds = 1; seconds <= 64 && (await queue.GetStatsAsync()) is { Ready: 0, Delayed: 1 }; seconds++)
            {
                await Subject.AdvanceAsync(Seconds(1));
                waited.Add(0);
            }

            waited.Add(attempt);
        }

        var dead = (await queue.DeadLetters.ListAsync()).ShouldHaveSingleItem();
        (dead.Id, dead.Item, dead.Reason, dead.Failures, dead.Deliveries).ShouldBe(("x", "x", DeadLetterReason.Failures, 6, 6));
        dead.History.Select(static one => one.Error).ShouldBe(Enumerable.Range(1, 6).Select(static i => $"failure {i}"));
        (await queue.GetStatsAsync()).Size.ShouldBe(0);

        // Between the tries: 2, 4, 8, 16, 32 s.
        waited.Count(static one => one == 0).ShouldBe(62);
        dead.History.Zip(dead.History.Skip(1), static (a, b) => (b.At - a.At).TotalSeconds).ShouldBe([2, 4, 8, 16, 32]);
    }

    [Fact]
    public async Task A_retry_is_never_rejected_by_the_bound()
    {
        var queue = await StartAsync(static o => o.MaxSize = 3);
        await queue.EnqueueBatchAsync(new EnqueueRequest<string>[] { new("a"), new("b"), new("c") });
        var deliveries = await queue.ClaimAsync(3, TimeSpan.Zero);
        (await queue.EnqueueAsync("d")).Status.ShouldBe(EnqueueStatus.Full);

        foreach (var delivery in deliveries)
        {
            (await delivery.RetryAsync()).ShouldBeTrue();
            (await queue.GetStatsAsync()).Size.ShouldBe(3);
        }

        (await queue.EnqueueAsync("d")).Status.ShouldBe(EnqueueStatus.Full);
        await Subject.AdvanceAsync(Seconds(2));
        (await queue.ClaimAsync(3, TimeSpan.Zero)).Count.ShouldBe(3);
    }

    [Fact]
    public async Task A_message_that_only_ever_crashes_its_worker_is_a_dead_letter_after_MaxDeliveries_claims()
    {
        var queue = await StartAsync();
        await queue.EnqueueAsync("killer");
        for (var crash = 1; crash <= 10; crash++)
        {
            (await ClaimOneAsync(NewProcess().Queue)).Deliveries.ShouldBe(crash);
            await Subject.AdvanceAsync(Seconds(31));
        }

        (await NewProcess().Queue.ClaimAsync(1, TimeSpan.Zero)).ShouldBeEmpty();
        var dead = (await queue.DeadLetters.ListAsync()).ShouldHaveSingleItem();
        (dead.Reason, dead.Deliveries, dead.Failures).ShouldBe((DeadLetterReason.Deliveries, 10, 0));
    }

    [Fact]
    public async Task A_permanent_failure_is_final_at_once()
    {
        var queue = await StartAsync();
        await queue.EnqueueAsync("x");

        (await (await ClaimOneAsync(queue)).DeadLetterAsync("no such account")).ShouldBeTrue();

        var dead = (await queue.DeadLetters.ListAsync()).ShouldHaveSingleItem();
        (dead.Reason, dead.Failures, dead.History.ShouldHaveSingleItem().Error).ShouldBe((DeadLetterReason.Permanent, 1, "no such account"));
    }

    [Fact]
    public async Task Dead_letters_are_bounded_and_the_oldest_leaves_counted_and_with_an_alert()
    {
        await StartAsync(static o => o.MaxDeadLetters = 3);
        var process = NewProcess();
        var queue = process.Queue;
        for (var i = 1; i <= 5; i++)
        {
            await queue.EnqueueAsync($"m{i}");
            await (await ClaimOneAsync(queue)).DeadLetterAsync();
        }

        (await queue.DeadLetters.ListAsync()).Select(static dead => dead.Item).ShouldBe(["m3", "m4", "m5"]);
        await process.Metrics.WhenAsync(static metrics => metrics.Values("resilience.queues.dead_letters.dropped").Sum() == 2);
        process.Metrics.Value("resilience.queues.alert.active", ("alert", QueuesTelemetryNames.DeadLettersAlert)).ShouldBe(1);
    }

    [Fact]
    public async Task Dead_letters_are_listed_in_pages_redriven_and_purged()
    {
        var queue = await StartAsync(static o => o.MaxSize = 5);
        for (var i = 1; i <= 5; i++)
        {
            await queue.EnqueueAsync($"m{i}", new EnqueueOptions { Id = $"id{i}" });
            await (await ClaimOneAsync(queue)).DeadLetterAsync("broken");
        }

        var first = await queue.DeadLetters.ListAsync(limit: 2);
        var second = await queue.DeadLetters.ListAsync(first[^1].Number, 2);
        first.Concat(second).Select(static dead => dead.Id).ShouldBe(["id1", "id2", "id3", "id4"]);

        (await queue.DeadLetters.RedriveAsync("id2")).ShouldBe(RedriveStatus.Redriven);
        (await queue.DeadLetters.RedriveAsync("id2")).ShouldBe(RedriveStatus.NotFound);
        var again = await ClaimOneAsync(queue);
        (again.Id, again.Item, again.Failures, again.Deliveries).ShouldBe(("id2", "m2", 0, 1));
        await again.RetryAsync();

        (await queue.DeadLetters.PurgeAsync("id1")).ShouldBeTrue();
        (await queue.DeadLetters.PurgeAsync("id1")).ShouldBeFalse();
        await queue.EnqueueBatchAsync(new EnqueueRequest<string>[] { new("a"), new("b"), new("c"), new("d") });
        (await queue.DeadLetters.RedriveAsync("id3")).ShouldBe(RedriveStatus.Full);
        (await queue.DeadLetters.PurgeAllAsync()).ShouldBe(3);
        (await queue.GetStatsAsync()).Dead.ShouldBe(0);
    }
}
