using Resilience.TestKit;

namespace Resilience.Cleanup.Tests.Behaviour;

public sealed class CloseWhenTests
{
    [Fact]
    public async Task A_cancelled_token_closes_the_scope_on_another_thread()
    {
        using var source = new CancellationTokenSource();
        var scope = new CleanupScope();
        var closer = 0;
        scope.CloseWhen(source.Token, CleanupReason.Timeout);
        scope.Defer(0, _ => closer = Environment.CurrentManagedThreadId);

        // A thread of its own cancels: a pool thread could be the one that is used for the close right afterwards.
        var canceller = new Thread(source.Cancel);
        canceller.Start();

        (await scope.Completion.Within()).Reason.ShouldBe(CleanupReason.Timeout);
        closer.ShouldNotBe(canceller.ManagedThreadId);
    }

    [Fact]
    public async Task A_token_that_is_cancelled_already_closes_the_scope()
    {
        var scope = new CleanupScope();

        scope.CloseWhen(new CancellationToken(canceled: true));

        (await scope.Completion.Within()).IsCompleted.ShouldBeTrue();
    }

    [Fact]
    public async Task A_released_trigger_does_not_close_and_is_not_counted()
    {
        using var source = new CancellationTokenSource();
        var scope = new CleanupScope();
        var released = scope.CloseWhen(source.Token);
        var ran = scope.CloseWhen(source.Token);
        scope.CloseWhen(CancellationToken.None).ShouldBe(default);

        released.Release().ShouldBeTrue();
        (await ran.RunNowAsync()).ShouldBeTrue();
        await source.CancelAsync();

        scope.State.ShouldBe(CleanupState.Open);
        (await scope.CleanupAsync()).Steps.ShouldBe(0);
    }

    [Fact]
    public async Task A_moved_scope_is_the_one_that_is_closed()
    {
        using var source = new CancellationTokenSource();
        var old = new CleanupScope();
        old.CloseWhen(source.Token);
        var moved = old.Move();

        await source.CancelAsync();

        (await moved.Completion.Within()).IsCompleted.ShouldBeTrue();
    }

    /// <summary>Cleanup S8.</summary>
    [Fact]
    public async Task Nothing_is_referenced_after_the_close()
    {
        using var source = new CancellationTokenSource();
        var resources = await CloseOne(source.Token);

        // The thread that ended the close may still be on its way out of it, with locals on its stack.
        await Watchdog.UntilAsync(() =>
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return !Array.Exists(resources, static r => r.IsAlive);
        });
    }

    private static async Task<WeakReference[]> CloseOne(CancellationToken token)
    {
        var scope = new CleanupScope();
        var log = new List<string>();
        var probe = new Probe(log, "a");
        var asyncProbe = new AsyncProbe(log, "b", yields: true);
        scope.CloseWhen(token);
        scope.Use(probe);
        scope.Use(asyncProbe);
        scope.Defer(new object(), static _ => { });
        _ = scope.Closing;
        await scope.CleanupAsync();
        return [new(probe), new(asyncProbe), new(scope), new(scope.TryGetCore())];
    }
}
