namespace Resilience.Queues.Conformance;

public abstract partial class DelayedQueueConformance
{
    [Fact]
    public async Task Cleanup_never_removes_what_is_not_yet_due_or_is_leased_whatever_the_state()
    {
        var queue = await StartAsync(static o => (o.MessageTtl, o.VisibilityTimeout) = (Seconds(100), TimeSpan.FromHours(12)));
        await queue.EnqueueAsync("leased");
        await queue.EnqueueAsync("retrying");
        await queue.EnqueueAsync("released");
        var deliveries = await queue.ClaimAsync(3, TimeSpan.Zero);
        await deliveries[1].RetryAsync(Seconds(500));
        await queue.EnqueueAsync("delayed", new EnqueueOptions { Delay = Seconds(500) });
        await queue.EnqueueAsync("due soon", new EnqueueOptions { Delay = Seconds(350) });
        await Subject.AdvanceAsync(Seconds(400));
        await deliveries[2].ReleaseAsync();
        await queue.EnqueueAsync("fresh");

        var report = await queue.CleanupAsync();

        // Only the released one has been visible for longer than its time, by its own due time.
        (report.Status, report.Removed, report.Remaining).ShouldBe((CleanupStatus.Completed, 1, 0));
        var dead = (await queue.DeadLetters.ListAsync()).ShouldHaveSingleItem();
        (dead.Item, dead.Reason).ShouldBe(("released", DeadLetterReason.Expired));
        (await deliveries[0].AcknowledgeAsync()).ShouldBeTrue();
        (await queue.ClaimAsync(10, TimeSpan.Zero)).Select(static one => one.Item).ShouldBe(["due soon", "fresh"]);
        await Subject.AdvanceAsync(Seconds(101));
        (await queue.ClaimAsync(10, TimeSpan.Zero)).Select(static one => one.Item).ShouldBe(["retrying", "delayed"], ignoreOrder: true);
    }

    [Fact]
    public async Task Cleanup_loops_over_batches_until_nothing_expired_is_left_and_a_second_run_does_nothing()
    {
        await StartAsync(static o => o.MessageTtl = Seconds(10));
        var process = NewProcess();
        var queue = process.Queue;
        await queue.EnqueueBatchAsync(Enumerable.Range(0, 2500).Select(static i => new EnqueueRequest<string>($"m{i}")).ToArray());
        await Subject.AdvanceAsync(Seconds(11));

        var report = await queue.CleanupAsync();

        (report.Removed, report.Batches, report.Remaining).ShouldBe((2500, 3, 0));
        (await queue.GetStatsAsync()).ShouldSatisfyAllConditions(static stats => stats.Size.ShouldBe(0), static stats => stats.Dead.ShouldBe(2500));
        (await queue.CleanupAsync()).Removed.ShouldBe(0);
        process.Metrics.Values("resilience.queues.cleanup.removed").ShouldBe([2500, 0]);
        process.Metrics.Value("resilience.queues.dead_lettered", ("reason", "expired")).ShouldBe(2500);
        process.Metrics.Value("resilience.queues.cleanup.runs", ("result", "success")).ShouldBe(2);
    }

    [Fact]
    public async Task A_second_cleaner_is_told_that_one_is_running()
    {
        await StartAsync();
        var request = new CleanupRequest(Seconds(10), 1000, "somebody");
        (await Subject.Store.CleanupAsync(request)).Busy.ShouldBeFalse();

        (await NewProcess().Queue.CleanupAsync()).Status.ShouldBe(CleanupStatus.AlreadyRunning);

        await Subject.Store.EndCleanupAsync("somebody");
        (await NewProcess().Queue.CleanupAsync()).Status.ShouldBe(CleanupStatus.Completed);
    }

    [Fact]
    public async Task A_cancelled_message_is_not_delivered_and_a_leased_one_is_not_cancelled()
    {
        var queue = await StartAsync();
        var waiting = await queue.EnqueueAsync("waiting", new EnqueueOptions { Delay = Seconds(5) });
        var leased = await queue.EnqueueAsync("leased", new EnqueueOptions { Id = "leased" });
        var delivery = await ClaimOneAsync(queue);

        (await queue.CancelAsync(waiting.Id!)).ShouldBeTrue();
        (await queue.CancelAsync(waiting.Id!)).ShouldBeFalse();
        (await queue.CancelAsync(leased.Id!)).ShouldBeFalse();
        (await queue.CancelAsync("unknown")).ShouldBeFalse();

        (await delivery.AcknowledgeAsync()).ShouldBeTrue();
        await Subject.AdvanceAsync(Seconds(6));
        (await queue.ClaimAsync(10, TimeSpan.Zero)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_rescheduled_message_is_due_at_its_new_time()
    {
        var queue = await StartAsync();
        var id = (await queue.EnqueueAsync("x", new EnqueueOptions { Delay = Seconds(100) })).Id!;
        (await queue.RescheduleAsync(id, Seconds(3))).ShouldBeTrue();
        await Subject.AdvanceAsync(Seconds(3));
        var delivery = await ClaimOneAsync(queue);
        (await queue.RescheduleAsync(id, Seconds(3))).ShouldBeFalse();
        await delivery.AcknowledgeAsync();
    }
}
