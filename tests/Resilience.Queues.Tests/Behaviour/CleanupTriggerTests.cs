using Microsoft.Extensions.DependencyInjection;
using Resilience.Queues.Conformance;
using Resilience.TestKit;

namespace Resilience.Queues.Tests.Behaviour;

public sealed class CleanupTriggerTests
{
    [Theory]
    [InlineData(null, "x", CleanupTriggerStatus.NotConfigured)]
    [InlineData("", "", CleanupTriggerStatus.NotConfigured)]
    [InlineData("secret", null, CleanupTriggerStatus.Unauthorized)]
    [InlineData("secret", "", CleanupTriggerStatus.Unauthorized)]
    [InlineData("secret", "Secret", CleanupTriggerStatus.Unauthorized)]
    [InlineData("secret", "secre", CleanupTriggerStatus.Unauthorized)]
    [InlineData("secret", "secret", CleanupTriggerStatus.Completed)]
    [InlineData("secret", "old", CleanupTriggerStatus.Completed)]
    public async Task Only_a_right_secret_triggers(string? configured, string? presented, CleanupTriggerStatus expected)
    {
        await using var process = Create(configured, out _);
        var trigger = process.Services.GetRequiredService<CleanupTrigger>();

        (await trigger.TryRunAsync(presented)).Status.ShouldBe(expected);
    }

    [Fact]
    public async Task The_report_says_what_was_done()
    {
        await using var process = Create("secret", out var time);
        await process.Queue.EnqueueAsync("old");
        time.Advance(TimeSpan.FromHours(25));
        await process.Queue.EnqueueAsync("new");

        var result = await process.Services.GetRequiredService<CleanupTrigger>().TryRunAsync("secret", "test");

        (result.Status, result.Report.Removed, result.Report.Batches, result.Report.Remaining).ShouldBe((CleanupTriggerStatus.Completed, 1, 1, 0));
    }

    [Fact]
    public async Task A_second_run_is_told_that_one_is_running()
    {
        var time = new ManualTimeProvider();
        var store = new HeldCleanup(new InMemoryQueueStore<string>(new DelayedQueueContext("test", new DelayedQueueOptions(), time)));
        await using var process = Create("secret", time, store);
        var trigger = process.Services.GetRequiredService<CleanupTrigger>();
        var first = trigger.TryRunAsync("secret").AsTask();
        await store.Entered.Task.Within();

        (await trigger.TryRunAsync("secret")).Status.ShouldBe(CleanupTriggerStatus.AlreadyRunning);

        store.Release.SetResult();
        (await first.Within()).Status.ShouldBe(CleanupTriggerStatus.Completed);
        (await trigger.TryRunAsync("secret")).Status.ShouldBe(CleanupTriggerStatus.Completed);
    }

    [Fact]
    public async Task An_unknown_queue_is_named()
    {
        await using var process = Create("secret", out _);
        var trigger = process.Services.GetRequiredService<CleanupTrigger>();
        (await Should.ThrowAsync<InvalidOperationException>(async () => await trigger.TryRunAsync("secret", "nowhere"))).Message.ShouldContain("nowhere");
    }

    private static QueueUnderTest Create(string? secret, out ManualTimeProvider time)
    {
        time = new ManualTimeProvider();
        return Create(secret, time, new InMemoryQueueStore<string>(new DelayedQueueContext("test", new DelayedQueueOptions(), time)));
    }

    private static QueueUnderTest Create(string? secret, ManualTimeProvider time, IDelayedQueueStore<string> store) => new(
        store, time, addServices: services => services.Configure<CleanupTriggerOptions>(o => (o.Secret, o.PreviousSecret) = (secret, "old")));

    private sealed class HeldCleanup(IDelayedQueueStore<string> inner) : StoreDecorator(inner)
    {
        public TaskCompletionSource Entered { get; } = new();

        public TaskCompletionSource Release { get; } = new();

        public override async ValueTask<CleanupBatch> CleanupAsync(CleanupRequest request, CancellationToken cancellationToken = default)
        {
            Entered.TrySetResult();
            await Release.Task;
            return await base.CleanupAsync(request, cancellationToken);
        }
    }
}
