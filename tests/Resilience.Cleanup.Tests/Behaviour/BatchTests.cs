using Resilience.TestKit;

namespace Resilience.Cleanup.Tests.Behaviour;

public sealed class BatchTests
{
    /// <summary>Cleanup D4.</summary>
    [Fact]
    public async Task A_batch_takes_the_lock_of_each_key_once()
    {
        await using var fixture = new DispatcherFixture(o => (o.Workers, o.BatchSize) = (1, 64));
        var index = new ChannelIndex();
        using var gate = new ManualResetEventSlim();
        var entered = new TaskCompletionSource();
        fixture.Dispatcher.Post(DispatcherFixture.Blocking(gate, entered));
        await entered.Task.Within();
        for (var i = 0; i < 64; i++)
        {
            var scope = new CleanupScope();
            for (var channel = 0; channel < 5; channel++)
            {
                index.Join(channel, i);
                scope.RemoveFrom(index, channel, i);
            }

            fixture.Dispatcher.Post(scope);
        }

        gate.Set();
        await fixture.WhenAllClosedAsync();

        index.Members.ShouldBe(0);
        index.Removals.ShouldBe(5);
        index.Removed.ShouldBe(320);
        fixture.Metrics.Count("resilience.cleanup.lock.hold").ShouldBe(5);
    }

    [Fact]
    public async Task A_scope_that_is_closed_without_a_dispatcher_removes_its_own_members()
    {
        var index = new ChannelIndex();
        var scope = new CleanupScope();
        index.Join(1, 7);
        index.Join(2, 7);
        scope.RemoveFrom(index, 1, 7);
        var left = scope.RemoveFrom(index, 2, 7);

        (await left.RunNowAsync()).ShouldBeTrue();
        index.Members.ShouldBe(1);
        var report = await scope.CleanupAsync();

        (report.Succeeded, index.Members, index.Removed).ShouldBe((2, 0, 2));
    }

    [Fact]
    public async Task A_lock_that_is_not_free_in_time_puts_the_scopes_back_until_it_is()
    {
        await using var fixture = new DispatcherFixture(o => (o.Workers, o.LockTimeout) = (1, TimeSpan.FromMilliseconds(1)));
        var index = new ChannelIndex();
        var ran = 0;

        // By the test's clock and with an hour for a step: however long the lock is held here, the step is not given up.
        var hour = TimeSpan.FromHours(1);
        var scope = new CleanupScopeFactory(
            new CleanupScopeOptions { StepTimeout = hour, Deadline = hour }, fixture.Time, fixture.Logs.CreateLogger<CleanupScope>()).Create();
        scope.Defer(0, _ => ran++);
        index.Join(1, 7);
        scope.RemoveFrom(index, 1, 7);
        var other = DispatcherFixture.Scope(() => ran++);
        using var release = new ManualResetEventSlim();
        var held = new TaskCompletionSource();
        var holder = Task.Factory.StartNew(
            () =>
            {
                lock (index.GetLock(1))
                {
                    held.SetResult();
                    release.Wait();
                }
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        await held.Task.Within();

        fixture.Dispatcher.Post(scope);
        fixture.Dispatcher.Post(other);
        await other.Completion.Within();
        await Watchdog.UntilAsync(() => fixture.Dispatcher.Snapshot().LockTimeouts >= 1);
        scope.Completion.IsCompleted.ShouldBeFalse();
        release.Set();
        await holder.Within();

        // Put back, or already waiting in its own way: the clock moves for both, by their pauses and never as far as the time of a step.
        await Watchdog.UntilAsync(() =>
        {
            if (fixture.Time.NextDueIn is { } due && due <= TimeSpan.FromSeconds(1))
            {
                fixture.Time.Advance(due);
            }

            return scope.Completion.IsCompleted;
        });
        (index.Members, index.Removed, ran).ShouldBe((0, 1, 2));
        (await scope.Completion).Failed.ShouldBe(0);
        fixture.Logs.Of(5027).ShouldNotBeEmpty();
        await fixture.WhenAllClosedAsync();
    }

    [Fact]
    public async Task One_member_that_cannot_be_removed_does_not_keep_the_others()
    {
        await using var fixture = new DispatcherFixture(o => o.Workers = 1);
        var index = new ChannelIndex { Poison = 3 };
        using var gate = new ManualResetEventSlim();
        var entered = new TaskCompletionSource();
        fixture.Dispatcher.Post(DispatcherFixture.Blocking(gate, entered));
        await entered.Task.Within();
        var scopes = Enumerable.Range(0, 6).Select(i =>
        {
            var scope = new CleanupScope();
            index.Join(1, i);
            scope.RemoveFrom(index, 1, i);
            fixture.Dispatcher.Post(scope);
            return scope;
        }).ToArray();

        gate.Set();
        await fixture.WhenAllClosedAsync();

        index.Members.ShouldBe(1);
        var reports = await Task.WhenAll(scopes.Select(s => s.Completion));
        reports.Select(r => r.Failed).ShouldBe([0, 0, 0, 1, 0, 0]);
        reports[3].Failures.Single().Step.ShouldBe("RemoveFrom");
    }

    [Fact]
    public async Task An_index_without_a_lock_is_a_failure_of_the_step_only()
    {
        await using var fixture = new DispatcherFixture();
        var scope = DispatcherFixture.Scope(static () => { });
        scope.RemoveFrom(new BrokenIndex(), 1, 1);

        fixture.Dispatcher.Post(scope);

        var report = await scope.Completion.Within();
        (report.Succeeded, report.Failed).ShouldBe((1, 1));
    }

    private sealed class BrokenIndex : IBatchCleanup<int, int>
    {
        public Lock GetLock(int key) => throw new InvalidOperationException("no lock");

        public void RemoveMany(int key, ReadOnlySpan<int> members) => throw new InvalidOperationException("never called");
    }
}
