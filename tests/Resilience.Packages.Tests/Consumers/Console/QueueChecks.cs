using Microsoft.Extensions.DependencyInjection;
using Resilience.Queues;

internal sealed record Order(int Number);

internal static class QueueChecks
{
    public static async Task RunAsync()
    {
        var services = new ServiceCollection().AddLogging().AddMetrics();
        services.AddDelayedQueue<Order>("orders", options => options.MaxSize = 3);
        await using var provider = services.BuildServiceProvider();
        var queue = provider.GetRequiredService<IDelayedQueue<Order>>();
        Check.That(ReferenceEquals(queue, provider.GetRequiredKeyedService<IDelayedQueue<Order>>("orders")), "the queue is keyed by its name too");

        (await queue.EnqueueAsync(new Order(1))).EnsureAccepted();
        Check.That((await queue.EnqueueAsync(new Order(1), new EnqueueOptions { Id = "one" })).Status == EnqueueStatus.Accepted, "an id of one's own");
        Check.That((await queue.EnqueueAsync(new Order(1), new EnqueueOptions { Id = "one" })).Status == EnqueueStatus.Duplicate, "the same id twice is one message");
        (await queue.EnqueueAsync(new Order(2), new EnqueueOptions { Id = "later", Delay = TimeSpan.FromHours(1) })).EnsureAccepted();
        Check.That((await queue.EnqueueAsync(new Order(4))).Status == EnqueueStatus.Full, "the bound holds");

        Check.That(await queue.RescheduleAsync("later", TimeSpan.FromHours(2)), "a waiting message can be moved");
        Check.That(await queue.CancelAsync("later"), "a waiting message can be cancelled");

        var deliveries = await queue.ClaimAsync(10, TimeSpan.FromSeconds(10));
        Check.That(deliveries.Count == 2, "what is due is claimed");
        Check.That(await deliveries[0].AcknowledgeAsync(), "the owner can acknowledge");
        Check.That(!await deliveries[0].AcknowledgeAsync(), "and only once");
        Check.That(await deliveries[1].ExtendAsync(TimeSpan.FromMinutes(1)), "a lease can be extended");
        Check.That(await deliveries[1].DeadLetterAsync("checked"), "a delivery can be given up");

        var dead = await queue.DeadLetters.ListAsync();
        Check.That(dead.Count == 1, "it is among the dead letters");
        await queue.DeadLetters.RedriveAsync(dead[0].Id);
        var again = await queue.ClaimAsync(1, TimeSpan.FromSeconds(10));
        Check.That(again.Count == 1 && await again[0].ReleaseAsync(), "a dead letter can be sent again");

        var report = await queue.CleanupAsync();
        Check.That(report.Status == CleanupStatus.Completed, "cleanup runs on demand");
    }
}
