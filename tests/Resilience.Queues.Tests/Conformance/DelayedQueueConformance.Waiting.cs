using Resilience.TestKit;

namespace Resilience.Queues.Conformance;

public abstract partial class DelayedQueueConformance
{
    [Fact]
    public async Task A_waiting_claim_is_woken_by_an_enqueue()
    {
        var queue = await StartAsync();
        var armings = Subject.Time.Armings;
        var claim = queue.ClaimAsync(1, Timeout.InfiniteTimeSpan).AsTask();
        await Subject.Time.WhenArmedAsync(armings + 1);

        await queue.EnqueueAsync("x");

        (await claim.Within()).ShouldHaveSingleItem().Item.ShouldBe("x");
    }

    [Fact]
    public async Task A_waiting_claim_wakes_when_the_first_message_is_due()
    {
        var queue = await StartAsync();
        await queue.EnqueueAsync("x", new EnqueueOptions { Delay = Seconds(2) });
        var claim = queue.ClaimAsync(1, Timeout.InfiniteTimeSpan).AsTask();
        await Subject.Time.WhenDueInAsync(Seconds(2));

        await Subject.AdvanceAsync(Seconds(2));

        // A hint that came late may have had it look once more just before: then it waits again, by the clock of the process alone.
        await Subject.Time.DriveAsync(claim, Seconds(2));
        (await claim).ShouldHaveSingleItem().Lateness.ShouldBe(TimeSpan.Zero);
    }

    [Fact]
    public async Task With_all_hints_lost_a_due_message_is_delivered_within_the_poll_bound()
    {
        await StartAsync(static o => o.MaxIdlePoll = Seconds(5));
        var queue = NewProcess(decorate: static store => new DeafStore(store)).Queue;
        for (var i = 0; i < 20; i++)
        {
            var armings = Subject.Time.Armings;
            var claim = queue.ClaimAsync(1, Timeout.InfiniteTimeSpan).AsTask();
            await Subject.Time.WhenArmedAsync(armings + 1);
            await queue.EnqueueAsync($"m{i}");
            claim.IsCompleted.ShouldBeFalse();

            await Subject.AdvanceAsync(Seconds(5));

            var delivery = (await claim.Within()).ShouldHaveSingleItem();
            delivery.Lateness.ShouldBeLessThanOrEqualTo(Seconds(5));
            await delivery.AcknowledgeAsync();
        }
    }

    [Fact]
    public async Task Waiting_claims_are_served_in_the_order_in_which_they_came()
    {
        var queue = await StartAsync();
        var claims = new List<Task<IReadOnlyList<Delivery<string>>>>();
        for (var i = 0; i < 5; i++)
        {
            var armings = Subject.Time.Armings;
            claims.Add(queue.ClaimAsync(1, TimeSpan.FromHours(1)).AsTask());
            await Subject.Time.WhenArmedAsync(armings + 1);
        }

        for (var i = 0; i < 5; i++)
        {
            await queue.EnqueueAsync($"m{i}");
            (await claims[i].Within()).ShouldHaveSingleItem().Item.ShouldBe($"m{i}");
        }
    }

    [Fact]
    public async Task A_claim_that_finds_nothing_in_time_returns_nothing()
    {
        var queue = await StartAsync();
        var claim = queue.ClaimAsync(1, Seconds(12)).AsTask();
        await Subject.Time.DriveAsync(claim, Seconds(13));
        (await claim).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_cancelled_waiter_costs_nobody_a_message()
    {
        var queue = await StartAsync();
        using var cancel = new CancellationTokenSource();
        var armings = Subject.Time.Armings;
        var first = queue.ClaimAsync(1, Timeout.InfiniteTimeSpan, cancel.Token).AsTask();
        await Subject.Time.WhenArmedAsync(armings + 1);
        var second = queue.ClaimAsync(1, TimeSpan.FromHours(1)).AsTask();
        await Subject.Time.WhenArmedAsync(armings + 2);

        await cancel.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(async () => await first.Within());
        await queue.EnqueueAsync("x");

        (await second.Within()).ShouldHaveSingleItem().Item.ShouldBe("x");
    }

    [Fact]
    public async Task A_batch_of_the_caller_may_be_larger_than_one_operation_of_the_store()
    {
        var queue = await StartAsync(static o => o.MaxBatchSize = 7);
        var results = await queue.EnqueueBatchAsync(Enumerable.Range(0, 50).Select(static i => new EnqueueRequest<string>($"m{i}")).ToArray());
        results.Count(static one => one.Status == EnqueueStatus.Accepted).ShouldBe(50);
        var deliveries = new List<Delivery<string>>();
        while (deliveries.Count < 50)
        {
            var batch = await queue.ClaimAsync(50, TimeSpan.Zero);
            batch.Count.ShouldBeInRange(1, 7);
            deliveries.AddRange(batch);
        }

        (await queue.AcknowledgeAsync(deliveries)).ShouldBe(50);
        (await queue.AcknowledgeAsync(deliveries)).ShouldBe(0);
        (await queue.GetStatsAsync()).Size.ShouldBe(0);
    }

    /// <summary>Every hint is lost on its way.</summary>
    private sealed class DeafStore(IDelayedQueueStore<string> inner) : StoreDecorator(inner)
    {
        public override ValueTask StartAsync(IQueueSignals signals, CancellationToken cancellationToken = default) =>
            base.StartAsync(new NoSignals(), cancellationToken);

        private sealed class NoSignals : IQueueSignals
        {
            public void WorkAvailable()
            {
            }

            public void SpaceAvailable()
            {
            }

            public void DeadLettersDropped(int count)
            {
            }
        }
    }
}
