namespace Resilience.Queues.Conformance;

public abstract partial class DelayedQueueConformance
{
    [Fact]
    public async Task A_full_queue_refuses_with_a_result()
    {
        await StartAsync(static o => o.MaxSize = 2);
        var process = NewProcess();
        var queue = process.Queue;

        var results = await queue.EnqueueBatchAsync(new EnqueueRequest<string>[] { new("a"), new("b", Seconds(60)), new("c") });

        results.Select(static one => one.Status).ShouldBe([EnqueueStatus.Accepted, EnqueueStatus.Accepted, EnqueueStatus.Full]);
        results[2].Id.ShouldBeNull();
        Should.Throw<QueueFullException>(() => results[2].EnsureAccepted()).Result.Size.ShouldBe(2);
        process.Metrics.Value("resilience.queues.rejected", ("reason", "full")).ShouldBe(1);
        process.Metrics.Value("resilience.queues.alert.active", ("alert", QueuesTelemetryNames.RejectedAlert)).ShouldBe(1);
    }

    [Fact]
    public async Task Leased_and_retrying_messages_count_against_the_bound_and_dead_letters_do_not()
    {
        var queue = await StartAsync(static o => o.MaxSize = 2);
        await queue.EnqueueBatchAsync(new EnqueueRequest<string>[] { new("a"), new("b") });
        var deliveries = await queue.ClaimAsync(2, TimeSpan.Zero);
        (await queue.EnqueueAsync("c")).Status.ShouldBe(EnqueueStatus.Full);
        await deliveries[0].RetryAsync();
        (await queue.EnqueueAsync("c")).Status.ShouldBe(EnqueueStatus.Full);
        await deliveries[1].DeadLetterAsync();
        (await queue.EnqueueAsync("c")).Status.ShouldBe(EnqueueStatus.Accepted);
    }

    [Fact]
    public async Task Payloads_above_the_limit_and_delays_beyond_the_maximum_are_refused()
    {
        await StartAsync(static o => (o.MaxPayloadBytes, o.MaxDelay) = (100, TimeSpan.FromHours(1)));
        var process = NewProcess();
        var queue = process.Queue;

        await Should.ThrowAsync<ArgumentException>(async () => await queue.EnqueueAsync(new string('x', 101)));
        await Should.ThrowAsync<ArgumentOutOfRangeException>(async () => await queue.EnqueueAsync("x", new EnqueueOptions { Delay = TimeSpan.FromHours(1.01) }));
        await Should.ThrowAsync<ArgumentOutOfRangeException>(async () => await queue.EnqueueAsync("x", new EnqueueOptions { Delay = TimeSpan.FromTicks(-1) }));
        await Should.ThrowAsync<ArgumentException>(async () => await queue.EnqueueAsync("x", new EnqueueOptions { Id = "~x" }));
        await Should.ThrowAsync<ArgumentException>(async () => await queue.EnqueueAsync("x", new EnqueueOptions { Id = new string('i', 201) }));

        (await queue.GetStatsAsync()).Size.ShouldBe(0);
        process.Metrics.Value("resilience.queues.rejected", ("reason", "payload")).ShouldBe(1);
        process.Metrics.Value("resilience.queues.rejected", ("reason", "delay")).ShouldBe(2);
    }

    [Fact]
    public async Task A_repeated_enqueue_is_not_run_twice_even_after_fast_consumption()
    {
        var queue = await StartAsync();
        var options = new EnqueueOptions { Id = "order-17" };
        (await queue.EnqueueAsync("x", options)).Status.ShouldBe(EnqueueStatus.Accepted);
        (await queue.EnqueueAsync("x", options)).Status.ShouldBe(EnqueueStatus.Duplicate);
        await (await ClaimOneAsync(queue)).AcknowledgeAsync();

        await Subject.AdvanceAsync(Seconds(59));
        var repeated = await queue.EnqueueAsync("x", options);
        (repeated.Status, repeated.Id, repeated.IsAccepted).ShouldBe((EnqueueStatus.Duplicate, "order-17", true));
        (await queue.ClaimAsync(1, TimeSpan.Zero)).ShouldBeEmpty();

        await Subject.AdvanceAsync(Seconds(2));
        (await queue.EnqueueAsync("x", options)).Status.ShouldBe(EnqueueStatus.Accepted);
    }

    [Fact]
    public async Task A_waiting_enqueue_gets_the_space_that_an_acknowledgement_makes_first_come_first_served()
    {
        var queue = await StartAsync(static o => (o.MaxSize, o.FullMode) = (1, QueueFullMode.Wait));
        await queue.EnqueueAsync("first");
        var waiting = new List<Task<EnqueueResult>>();
        for (var i = 0; i < 5; i++)
        {
            var armings = Subject.Time.Armings;
            waiting.Add(queue.EnqueueAsync($"waiter{i}").AsTask());
            await Subject.Time.WhenArmedAsync(armings + 1);
        }

        var order = new List<string>();
        for (var i = 0; i < 6; i++)
        {
            var delivery = (await queue.ClaimAsync(1, Timeout.InfiniteTimeSpan)).ShouldHaveSingleItem();
            order.Add(delivery.Item);
            await delivery.AcknowledgeAsync();
            if (i < waiting.Count)
            {
                // Each acknowledgement lets exactly the next in line in.
                (await TestKit.Watchdog.Within(waiting[i])).Status.ShouldBe(EnqueueStatus.Accepted);
            }
        }

        order.ShouldBe(["first", "waiter0", "waiter1", "waiter2", "waiter3", "waiter4"]);
    }

    [Fact]
    public async Task A_waiting_enqueue_gives_up_after_its_time()
    {
        var queue = await StartAsync(static o => (o.MaxSize, o.FullMode, o.EnqueueTimeout) = (1, QueueFullMode.Wait, Seconds(30)));
        await queue.EnqueueAsync("first");

        var armings = Subject.Time.Armings;
        var waiting = queue.EnqueueAsync("second").AsTask();
        await Subject.Time.WhenArmedAsync(armings + 1);
        await Subject.Time.DriveAsync(waiting, Seconds(31));

        (await waiting).Status.ShouldBe(EnqueueStatus.TimedOut);
        (await queue.GetStatsAsync()).Size.ShouldBe(1);
    }
}
