using Resilience.Queues;
using Resilience.TestKit.Systematic;

namespace Resilience.Systematic.Tests.Queues;

/// <summary>What happens at once in a queue, and what must be true at the end whatever the order.</summary>
internal static class QueueScenarios
{
    private static readonly TimeSpan Forever = Timeout.InfiniteTimeSpan;

    public static async Task WaitersAsync(Schedule schedule, QueueFault fault)
    {
        var test = new QueueSchedule(schedule, fault);
        var due = new Dictionary<string, TimeSpan>();
        var handled = new List<string>();
        using var done = new CancellationTokenSource();
        var claimers = Enumerable.Range(0, 2).Select(i => schedule.Run($"claimer {i}", async () =>
        {
            try
            {
                while (true)
                {
                    foreach (var delivery in await test.Queue.ClaimAsync(2, Forever, done.Token))
                    {
                        Schedule.Check(schedule.Time.Elapsed >= due[delivery.Item], $"{delivery.Item} came early");
                        await schedule.Yield();
                        Schedule.Check(await delivery.AcknowledgeAsync(), "the lease is the only one");
                        handled.Add(delivery.Item);
                        if (handled.Count == 4)
                        {
                            done.Cancel();
                        }
                    }
                }
            }
            catch (OperationCanceledException)
            {
                // Everything has been handled.
            }
        })).ToArray();
        var producers = Enumerable.Range(0, 2).Select(i => schedule.Run($"producer {i}", async () =>
        {
            foreach (var delay in new[] { TimeSpan.FromSeconds(2 - i), TimeSpan.Zero })
            {
                var item = $"m{i}/{delay.TotalSeconds}";
                due[item] = schedule.Time.Elapsed + delay;
                await test.AddAsync(item, delay);
            }
        })).ToArray();
        await AllAsync([.. producers, .. claimers]);

        Schedule.Check(handled.Distinct().Count() == 4 && handled.Count == 4, $"handled {string.Join(", ", handled)}");
        Schedule.Check(schedule.Time.Elapsed <= TimeSpan.FromSeconds(2), $"a wake-up was lost: it took until {schedule.Time.Elapsed}");
    }

    public static async Task LeasesAsync(Schedule schedule, QueueFault fault)
    {
        var test = new QueueSchedule(schedule, fault);
        await test.AddAsync("m");
        var settled = 0;
        var workers = Enumerable.Range(0, 3).Select(i => schedule.Run($"worker {i}", async () =>
        {
            // Each is a process of its own; some are slow, so that the lease ends and the message comes to the next one.
            await using var queue = test.Open();
            foreach (var delivery in await queue.ClaimAsync(1, test.Visibility * 2))
            {
                if (schedule.Choose(2) == 0)
                {
                    await Task.Delay(test.Visibility * 1.5, schedule.Time);
                }

                var holds = schedule.Choose(2) == 0 || await delivery.ExtendAsync(test.Visibility);
                if (holds && await delivery.AcknowledgeAsync())
                {
                    settled++;
                }
            }
        })).ToArray();
        await AllAsync(workers);

        var left = await test.SizeAsync();
        Schedule.Check(settled <= 1, $"{settled} settled one message");
        Schedule.Check(settled + left == 1, $"{settled} settled it and {left} are left");
    }

    public static async Task SpaceAsync(Schedule schedule, QueueFault fault)
    {
        var test = new QueueSchedule(schedule, fault, static o => (o.MaxSize, o.FullMode) = (2, QueueFullMode.Wait));
        await test.AddAsync("a");
        await test.AddAsync("b");
        var steps = 0;
        var came = new (int Before, int After)[3];
        var taken = new List<string>();
        var producers = Enumerable.Range(0, 3).Select(i => schedule.Run($"producer {i}", async () =>
        {
            // When the call gives way, the message is in the queue or in the line.
            var before = ++steps;
            var add = test.AddAsync($"p{i}");
            came[i] = (before, ++steps);
            await add;
        })).ToArray();
        var consumer = schedule.Run("consumer", async () =>
        {
            while (taken.Count < 5)
            {
                foreach (var delivery in await test.Queue.ClaimAsync(1 + schedule.Choose(2), Forever))
                {
                    await delivery.AcknowledgeAsync();
                    taken.Add(delivery.Item);
                }
            }
        });
        await AllAsync([.. producers, consumer]);

        Schedule.Check(taken.Distinct().Count() == 5, $"taken {string.Join(", ", taken)}");
        var overtaken = came.SelectMany((a, i) => came.Select((b, j) => a.After < b.Before && taken.IndexOf($"p{i}") > taken.IndexOf($"p{j}"))).Contains(true);
        Schedule.Check(!overtaken, $"somebody was overtaken: {string.Join(", ", taken)}");
        Schedule.Check(schedule.Time.Elapsed == TimeSpan.Zero, $"a hint was lost: it took until {schedule.Time.Elapsed}");
    }

    public static async Task CancelledClaimsAsync(Schedule schedule, QueueFault fault)
    {
        var test = new QueueSchedule(schedule, fault);
        var taken = 0;
        using var cancel = new CancellationTokenSource();
        var claimers = Enumerable.Range(0, 3).Select(i => schedule.Run($"claimer {i}", async () =>
        {
            try
            {
                var acknowledged = await test.Queue.AcknowledgeAsync(await test.Queue.ClaimAsync(1, TimeSpan.FromSeconds(5), i < 2 ? cancel.Token : default));
                taken += acknowledged;
            }
            catch (OperationCanceledException)
            {
                // It took nothing.
            }
        })).ToArray();
        var adding = schedule.Run("producer", async () =>
        {
            await test.AddAsync("a");
            await test.AddAsync("b");
        });
        var cancelling = schedule.Run("cancel", cancel.Cancel);
        await AllAsync([adding, cancelling, .. claimers]);

        Schedule.Check(taken is >= 1 and <= 2, $"{taken} taken: the one who was not cancelled gets a message");
        Schedule.Check(taken + (await test.Queue.ClaimAsync(5, TimeSpan.Zero)).Count == 2, "a message went with a cancelled claim");
    }

    public static async Task ExpiryAsync(Schedule schedule, QueueFault fault)
    {
        var test = new QueueSchedule(schedule, fault, static o => o.CleanupBatchSize = 1);
        await test.AddAsync("old");
        await test.AddAsync("older");
        await Task.Delay(TimeSpan.FromHours(25), schedule.Time);
        await test.AddAsync("young");
        var id = (await test.Queue.EnqueueAsync("waits", new EnqueueOptions { Delay = TimeSpan.FromHours(1) })).Id!;
        var delivered = 0;
        var cancelled = false;
        CleanupReport[] reports = new CleanupReport[2];
        var cleaners = Enumerable.Range(0, 2).Select(i => schedule.Run($"cleaner {i}", async () => reports[i] = await test.Queue.CleanupAsync())).ToArray();
        var claimer = schedule.Run("claimer", async () => delivered = await test.Queue.AcknowledgeAsync(await test.Queue.ClaimAsync(2, TimeSpan.Zero)));
        var canceller = schedule.Run("canceller", async () => cancelled = await test.Queue.CancelAsync(id));
        await AllAsync([claimer, canceller, .. cleaners]);

        var removed = reports.Sum(static report => report.Removed);
        var dead = await test.Queue.DeadLetters.ListAsync();
        Schedule.Check(cancelled, "what is not leased can be cancelled");
        Schedule.Check(dead.Count == removed && dead.All(static one => one.Item is "old" or "older"), "only what expired is cleaned up");
        Schedule.Check(reports.Any(static report => report.Status == CleanupStatus.Completed), "one cleaner works");
        Schedule.Check(delivered + removed + await test.SizeAsync() == 3, $"{delivered} delivered, {removed} removed, {await test.SizeAsync()} left of 3");
    }

    public static async Task SuspectsAsync(Schedule schedule, QueueFault fault)
    {
        var test = new QueueSchedule(schedule, fault);
        await test.AddAsync("a");
        await test.AddAsync("b");
        await using (var crashed = test.Open())
        {
            await crashed.ClaimAsync(2, TimeSpan.Zero);
        }

        // The store tells the process that opened it last.
        await using var queue = test.Open();
        await Task.Delay(test.Visibility, schedule.Time);
        var began = schedule.Time.Elapsed;
        var held = 0;
        var workers = Enumerable.Range(0, 2).Select(i => schedule.Run($"worker {i}", async () =>
        {
            var batch = await queue.ClaimAsync(2, Forever);
            held += batch.Count(static one => one.IsSuspect);
            Schedule.Check(batch.Count == 1 && held == 1, $"{held} suspects in one process");
            await schedule.Yield();
            held--;
            Schedule.Check(await batch[0].AcknowledgeAsync(), "its lease is the only one");
        })).ToArray();
        await AllAsync(workers);

        Schedule.Check(await test.SizeAsync() == 0, "both were handled");
        Schedule.Check(schedule.Time.Elapsed == began, $"the second waited until {schedule.Time.Elapsed}");
    }

    public static async Task CloseAsync(Schedule schedule, QueueFault fault)
    {
        var test = new QueueSchedule(schedule, fault, static o => (o.MaxSize, o.FullMode) = (1, QueueFullMode.Wait));
        await test.AddAsync("later", TimeSpan.FromDays(1));
        var waits = new Func<Task>[]
        {
            async () => await test.Queue.ClaimAsync(1, Forever),
            async () => await test.Queue.ClaimAsync(1, Forever),
            async () => await test.Queue.EnqueueAsync("x"),
            async () => await test.Queue.EnqueueAsync("y"),
        };
        var closed = 0;
        var waiting = waits.Select((wait, i) => schedule.Run($"waits {i}", async () =>
        {
            try
            {
                await wait();
            }
            catch (ObjectDisposedException)
            {
                closed++;
            }
        })).ToArray();
        var close = schedule.Run("close", async () => await test.Queue.DisposeAsync());
        await AllAsync([close, .. waiting]);

        Schedule.Check(closed == waits.Length, $"{closed} of {waits.Length} were told");
        Schedule.Check(schedule.Time.Elapsed == TimeSpan.Zero, $"somebody waited until {schedule.Time.Elapsed}");
    }

    private static async Task AllAsync(Task[] tasks)
    {
        foreach (var task in tasks)
        {
            await task;
        }
    }
}
