namespace Resilience.Queues.Conformance;

public abstract partial class DelayedQueueConformance
{
    [Fact]
    public async Task A_message_is_delivered_when_it_is_due_and_not_before()
    {
        var queue = await StartAsync();
        (await queue.EnqueueAsync("later", new EnqueueOptions { Delay = Seconds(10) })).Status.ShouldBe(EnqueueStatus.Accepted);

        await Subject.AdvanceAsync(Seconds(10) - TimeSpan.FromMilliseconds(1));
        (await queue.ClaimAsync(10, TimeSpan.Zero)).ShouldBeEmpty();

        await Subject.AdvanceAsync(TimeSpan.FromMilliseconds(1));
        var delivery = await ClaimOneAsync(queue);
        delivery.Item.ShouldBe("later");
        delivery.Lateness.ShouldBe(TimeSpan.Zero);
        delivery.Attempt.ShouldBe(1);
        delivery.Deliveries.ShouldBe(1);
        (delivery.DueAt - delivery.EnqueuedAt).ShouldBe(Seconds(10));
    }

    [Fact]
    public async Task Deliveries_come_in_the_order_of_due_time_and_then_of_arrival()
    {
        var queue = await StartAsync();
        await queue.EnqueueBatchAsync(new EnqueueRequest<string>[]
        {
            new("c", Seconds(3)), new("a1", Seconds(1)), new("b", Seconds(2)), new("a2", Seconds(1)), new("a3", Seconds(1)),
        });
        await Subject.AdvanceAsync(Seconds(5));

        var deliveries = await queue.ClaimAsync(10, TimeSpan.Zero);

        deliveries.Select(static one => one.Item).ShouldBe(["a1", "a2", "a3", "b", "c"]);
    }

    [Fact]
    public async Task A_message_that_nobody_settles_comes_back_when_its_lease_ends()
    {
        var queue = await StartAsync(static o => o.VisibilityTimeout = Seconds(30));
        await queue.EnqueueAsync("x");
        (await ClaimOneAsync(queue)).IsSuspect.ShouldBeFalse();

        await Subject.AdvanceAsync(Seconds(29.9));
        (await queue.ClaimAsync(1, TimeSpan.Zero)).ShouldBeEmpty();
        await Subject.AdvanceAsync(Seconds(0.2));

        var again = await ClaimOneAsync(queue);
        again.IsSuspect.ShouldBeTrue();
        again.Deliveries.ShouldBe(2);
        again.Failures.ShouldBe(0);
    }

    [Fact]
    public async Task An_extended_lease_lasts_longer()
    {
        var queue = await StartAsync(static o => o.VisibilityTimeout = Seconds(30));
        await queue.EnqueueAsync("x");
        var delivery = await ClaimOneAsync(queue);
        await Subject.AdvanceAsync(Seconds(20));

        (await delivery.ExtendAsync(Seconds(30))).ShouldBeTrue();

        await Subject.AdvanceAsync(Seconds(29));
        (await queue.ClaimAsync(1, TimeSpan.Zero)).ShouldBeEmpty();
        (await delivery.AcknowledgeAsync()).ShouldBeTrue();
        (await queue.GetStatsAsync()).Size.ShouldBe(0);
    }

    [Fact]
    public async Task A_stale_worker_changes_nothing()
    {
        var queue = await StartAsync();
        await queue.EnqueueAsync("x", new EnqueueOptions { Id = "x" });
        var stale = await ClaimOneAsync(queue);
        await Subject.AdvanceAsync(Seconds(31));
        var current = await ClaimOneAsync(NewProcess().Queue);
        var before = await queue.GetStatsAsync();

        (await stale.AcknowledgeAsync()).ShouldBeFalse();
        (await stale.RetryAsync()).ShouldBeFalse();
        (await stale.DeadLetterAsync()).ShouldBeFalse();
        (await stale.ReleaseAsync()).ShouldBeFalse();
        (await stale.ExtendAsync(Seconds(100))).ShouldBeFalse();

        (await queue.GetStatsAsync()).ShouldBe(before);
        (await queue.DeadLetters.ListAsync()).ShouldBeEmpty();
        (await current.AcknowledgeAsync()).ShouldBeTrue();
        (await current.AcknowledgeAsync()).ShouldBeFalse();
    }

    [Fact]
    public async Task A_rolling_restart_burns_no_attempt()
    {
        var queue = await StartAsync(static o => o.MaxDeliveries = 7);
        await queue.EnqueueAsync("x");

        for (var restart = 0; restart < 50; restart++)
        {
            var delivery = await ClaimOneAsync(NewProcess().Queue);
            delivery.Deliveries.ShouldBe(1);
            (await delivery.ReleaseAsync()).ShouldBeTrue();
        }

        var last = await ClaimOneAsync(queue);
        (last.Deliveries, last.Failures, last.IsSuspect).ShouldBe((1, 0, false));
    }

    [Fact]
    public async Task A_batch_with_one_message_that_kills_its_process_costs_only_that_message()
    {
        await StartAsync();
        await NewProcess().Queue.EnqueueBatchAsync(Enumerable.Range(0, 20).Select(static i => new EnqueueRequest<string>(i == 7 ? "killer" : $"good{i}")).ToArray());
        var handled = new List<string>();

        // Each process claims all it may and handles it at the same time, so that the killer takes everything with it that is not yet settled.
        for (var process = 0; process < 100; process++)
        {
            var queue = NewProcess().Queue;
            var batch = await queue.ClaimAsync(32, TimeSpan.Zero);
            while (batch.Count > 0 && batch.All(static one => one.Item != "killer"))
            {
                (await queue.AcknowledgeAsync(batch)).ShouldBe(batch.Count);
                handled.AddRange(batch.Select(static one => one.Item));
                batch = await queue.ClaimAsync(32, TimeSpan.Zero);
            }

            await Subject.AdvanceAsync(Seconds(31));
        }

        handled.Order().ShouldBe(Enumerable.Range(0, 20).Where(static i => i != 7).Select(static i => $"good{i}").Order());
        var dead = (await NewProcess().Queue.DeadLetters.ListAsync()).ShouldHaveSingleItem();
        (dead.Item, dead.Reason, dead.Deliveries).ShouldBe(("killer", DeadLetterReason.Deliveries, 10));
    }

    [Fact]
    public async Task A_process_gets_one_suspect_at_a_time()
    {
        var queue = await StartAsync();
        await queue.EnqueueBatchAsync(new EnqueueRequest<string>[] { new("a"), new("b"), new("c") });
        (await queue.ClaimAsync(3, TimeSpan.Zero)).Count.ShouldBe(3);
        await Subject.AdvanceAsync(Seconds(31));

        var first = await ClaimOneAsync(queue);
        (await queue.ClaimAsync(3, TimeSpan.Zero)).ShouldBeEmpty();
        (await NewProcess().Queue.ClaimAsync(3, TimeSpan.Zero)).ShouldHaveSingleItem().Item.ShouldBe("b");
        await first.AcknowledgeAsync();

        (await queue.ClaimAsync(3, TimeSpan.Zero)).ShouldHaveSingleItem().Item.ShouldBe("c");
    }
}
