using Resilience.TestKit;

namespace Resilience.Cleanup.Tests.Behaviour;

public sealed class DispatcherTests
{
    [Fact]
    public async Task A_posted_scope_is_closed_by_a_worker_and_its_token_is_cancelled_before_the_post_returns()
    {
        await using var fixture = new DispatcherFixture();
        var poster = Environment.CurrentManagedThreadId;
        var closer = 0;
        var scope = DispatcherFixture.Scope(() => closer = Environment.CurrentManagedThreadId);
        var closing = scope.Closing;

        fixture.Dispatcher.Post(scope, CleanupReason.TransportError).ShouldBe(CleanupDispatch.Queued);
        closing.IsCancellationRequested.ShouldBeTrue();

        (await scope.Completion.Within()).Reason.ShouldBe(CleanupReason.TransportError);
        await fixture.WhenAllClosedAsync();
        closer.ShouldNotBe(0);
        fixture.Dispatcher.Post(scope).ShouldBe(CleanupDispatch.AlreadyClosing);
        var snapshot = fixture.Dispatcher.Snapshot();
        (snapshot.Posted, snapshot.Closed, snapshot.Inline).ShouldBe((1, 1, 0));
        fixture.Metrics.Value("resilience.cleanup.posted", ("lane", "normal")).ShouldBe(1);
        fixture.Metrics.Count("resilience.cleanup.latency").ShouldBe(1);
        _ = poster;
    }

    [Fact]
    public async Task A_scope_that_somebody_closes_meanwhile_is_closed_once_and_counted_once()
    {
        await using var fixture = new DispatcherFixture(o => o.Workers = 1);
        using var gate = new ManualResetEventSlim();
        fixture.Dispatcher.Post(DispatcherFixture.Blocking(gate));
        var runs = 0;
        var scope = DispatcherFixture.Scope(() => runs++);

        fixture.Dispatcher.Post(scope, CleanupReason.Kicked).ShouldBe(CleanupDispatch.Queued);
        (await scope.CleanupAsync(CleanupReason.Timeout)).Reason.ShouldBe(CleanupReason.Kicked);
        gate.Set();

        await fixture.WhenAllClosedAsync();
        runs.ShouldBe(1);
        fixture.Dispatcher.Snapshot().Closed.ShouldBe(2);
    }

    /// <summary>Cleanup D2.</summary>
    [Fact]
    public async Task A_full_queue_closes_on_the_caller_without_waiting_for_asynchronous_steps()
    {
        await using var fixture = new DispatcherFixture(o => (o.Workers, o.QueueCapacity, o.BatchSize) = (1, 1, 1));
        using var gate = new ManualResetEventSlim();
        var entered = new TaskCompletionSource();
        fixture.Dispatcher.Post(DispatcherFixture.Blocking(gate, entered)).ShouldBe(CleanupDispatch.Queued);
        await entered.Task.Within();
        var never = new TaskCompletionSource();
        var ran = false;
        var scope = PatientScopes.Create();
        scope.Defer(never.Task, static async (task, _) => await task);
        scope.Defer(0, _ => ran = true);

        fixture.Dispatcher.Post(scope).ShouldBe(CleanupDispatch.InlineQueueFull);

        ran.ShouldBeTrue();
        scope.State.ShouldBe(CleanupState.Closing);
        fixture.Metrics.Value("resilience.cleanup.inline", ("reason", "queue_full")).ShouldBe(1);
        never.SetResult();
        gate.Set();
        await fixture.WhenAllClosedAsync();
    }

    /// <summary>Cleanup D3.</summary>
    [Fact]
    public async Task The_breaker_opens_on_a_full_queue_lets_one_probe_pass_and_closes_again()
    {
        await using var fixture = new DispatcherFixture(o => (o.Workers, o.QueueCapacity, o.BatchSize, o.BreakerThreshold, o.StuckAfter) = (1, 1, 1, 3, TimeSpan.FromMinutes(10)));
        using var gate = new ManualResetEventSlim();
        var entered = new TaskCompletionSource();
        fixture.Dispatcher.Post(DispatcherFixture.Blocking(gate, entered));
        await entered.Task.Within();

        Enumerable.Range(0, 5).Select(_ => fixture.Dispatcher.Post(new CleanupScope())).ShouldBe(
        [
            CleanupDispatch.InlineQueueFull, CleanupDispatch.InlineQueueFull, CleanupDispatch.InlineQueueFull,
            CleanupDispatch.InlineBreakerOpen, CleanupDispatch.InlineBreakerOpen,
        ]);
        fixture.Logs.Of(5020).Count.ShouldBe(1);
        fixture.Alerts.Take().ShouldSatisfyAllConditions(a => a.Name.ShouldBe("breaker"), a => a.IsActive.ShouldBeTrue());

        // The wall clock does not matter.
        fixture.Time.ShiftWallClock(TimeSpan.FromHours(2));
        fixture.Dispatcher.Post(new CleanupScope()).ShouldBe(CleanupDispatch.InlineBreakerOpen);

        // One probe, which fails: twice as long.
        fixture.Time.Advance(TimeSpan.FromSeconds(30));
        fixture.Dispatcher.Post(new CleanupScope()).ShouldBe(CleanupDispatch.InlineQueueFull);
        fixture.Dispatcher.Post(new CleanupScope()).ShouldBe(CleanupDispatch.InlineBreakerOpen);
        fixture.Time.Advance(TimeSpan.FromSeconds(59));
        fixture.Dispatcher.Post(new CleanupScope()).ShouldBe(CleanupDispatch.InlineBreakerOpen);

        gate.Set();
        await fixture.WhenAllClosedAsync();
        fixture.Time.Advance(TimeSpan.FromSeconds(1));
        fixture.Dispatcher.Post(new CleanupScope()).ShouldBe(CleanupDispatch.Queued);
        fixture.Dispatcher.Snapshot().Breaker.ShouldBe(CleanupBreakerState.Closed);
        fixture.Logs.Of(5021).Count.ShouldBe(1);
    }

    [Fact]
    public async Task The_breaker_opens_when_the_oldest_scope_waits_too_long()
    {
        await using var fixture = new DispatcherFixture(o => (o.Workers, o.BatchSize, o.StuckAfter) = (1, 1, TimeSpan.FromMinutes(10)));
        using var gate = new ManualResetEventSlim();
        var entered = new TaskCompletionSource();
        fixture.Dispatcher.Post(DispatcherFixture.Blocking(gate, entered));
        await entered.Task.Within();
        fixture.Dispatcher.Post(new CleanupScope()).ShouldBe(CleanupDispatch.Queued);

        fixture.Time.Advance(TimeSpan.FromSeconds(11));

        fixture.Dispatcher.Post(new CleanupScope()).ShouldBe(CleanupDispatch.InlineBreakerOpen);
        fixture.Logs.Of(5022).Count.ShouldBe(1);
        gate.Set();
        await fixture.WhenAllClosedAsync();
        fixture.Time.Advance(TimeSpan.FromSeconds(1));
        fixture.Logs.Of(5023).Count.ShouldBe(1);

        // Nobody posts any more: the breaker closes by itself when its time is over.
        fixture.Time.Advance(fixture.Dispatcher.Options.BreakerDuration);
        fixture.Dispatcher.Snapshot().Breaker.ShouldBe(CleanupBreakerState.Closed);
    }

    [Fact]
    public async Task Workers_take_nothing_of_the_context_of_whoever_posted_first()
    {
        await using var fixture = new DispatcherFixture(o => o.Workers = 1);
        var ambient = new AsyncLocal<string?> { Value = "the first request" };
        fixture.Dispatcher.Post(DispatcherFixture.Scope(static () => { }));
        await fixture.WhenAllClosedAsync();
        ambient.Value = null;
        var seen = "nothing";

        fixture.Dispatcher.Post(DispatcherFixture.Scope(() => seen = ambient.Value));
        await fixture.WhenAllClosedAsync();

        seen.ShouldBeNull();
    }

    /// <summary>Cleanup D7.</summary>
    [Fact]
    public async Task A_blocked_worker_is_replaced_and_what_it_had_claimed_is_closed_by_others()
    {
        await using var fixture = new DispatcherFixture(o => o.Workers = 1);
        using var gate = new ManualResetEventSlim();
        var entered = new TaskCompletionSource();
        var closed = 0;
        using var hold = new ManualResetEventSlim();
        fixture.Dispatcher.Post(DispatcherFixture.Scope(hold.Wait));

        // These are in one claim of the worker: the first blocks it.
        fixture.Dispatcher.Post(DispatcherFixture.Blocking(gate, entered));
        for (var i = 0; i < 10; i++)
        {
            fixture.Dispatcher.Post(DispatcherFixture.Scope(() => Interlocked.Increment(ref closed)));
        }

        hold.Set();
        await entered.Task.Within();
        for (var tick = 0; tick < 100 && fixture.Dispatcher.Snapshot().StuckWorkers == 0; tick++)
        {
            fixture.Time.Advance(TimeSpan.FromMilliseconds(250));
        }

        // From here on the clock stands still: the substitute has all the time that it needs.
        await Watchdog.UntilAsync(() => closed == 10 && fixture.Dispatcher.Snapshot().Pending == 1);

        var snapshot = fixture.Dispatcher.Snapshot();
        (snapshot.StuckWorkers, snapshot.Workers, snapshot.Pending).ShouldBe((1, 1, 1));
        fixture.Logs.Of(5025).Count.ShouldBe(1);
        gate.Set();
        await fixture.WhenAllClosedAsync();
        await Watchdog.UntilAsync(() => fixture.Dispatcher.Snapshot().StuckWorkers == 0);
        await Watchdog.UntilAsync(() => fixture.Logs.Of(5026).Count == 1);
    }

    [Fact]
    public async Task A_source_over_its_rate_gets_the_low_lane_and_nothing_of_it_is_lost()
    {
        await using var fixture = new DispatcherFixture(o => (o.SourceLimit, o.SourceBurst) = (10, 20));
        var attacker = CleanupSource.FromKey("attacker");
        var closed = 0;

        var dispatches = Enumerable.Range(0, 100).Select(_ => fixture.Dispatcher.Post(DispatcherFixture.Scope(() => Interlocked.Increment(ref closed)), source: attacker)).ToArray();
        fixture.Dispatcher.Post(DispatcherFixture.Scope(() => Interlocked.Increment(ref closed)), source: CleanupSource.FromKey("other")).ShouldBe(CleanupDispatch.Queued);

        dispatches.Count(d => d == CleanupDispatch.Queued).ShouldBe(20);
        dispatches.Count(d => d == CleanupDispatch.QueuedLow).ShouldBe(80);
        await fixture.WhenAllClosedAsync();
        closed.ShouldBe(101);
        fixture.Time.Advance(TimeSpan.FromSeconds(1));
        fixture.Dispatcher.Post(new CleanupScope(), source: attacker).ShouldBe(CleanupDispatch.Queued);
        fixture.Dispatcher.Snapshot().SourceLimited.ShouldBe(80);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_scope_may_have_another_clock_than_its_dispatcher(bool another)
    {
        await using var fixture = new DispatcherFixture(o => o.Workers = 1);
        var time = another ? new ManualTimeProvider() : fixture.Time;
        fixture.Time.Advance(TimeSpan.FromHours(1));
        var scope = new CleanupScopeFactory(new CleanupScopeOptions(), time, fixture.Logs.CreateLogger<CleanupScope>()).Create();
        scope.Defer(0, static async (_, _) => await Task.Yield());
        scope.Defer(time, static t => t.Advance(TimeSpan.FromMilliseconds(100)));

        fixture.Dispatcher.Post(DispatcherFixture.Scope(static () => { }));
        fixture.Dispatcher.Post(scope);

        var report = await scope.Completion.Within();
        await Watchdog.UntilAsync(() => fixture.Metrics.Count("resilience.cleanup.latency") == 2);
        (report.Succeeded, report.TimedOut, report.Duration).ShouldBe((2, 0, TimeSpan.FromMilliseconds(100)));
        fixture.Metrics.Values("resilience.cleanup.latency").Sum().ShouldBe(another ? 0 : 0.1, tolerance: 0.001);
    }

    [Fact]
    public async Task After_the_stop_posts_are_closed_on_their_callers()
    {
        var fixture = new DispatcherFixture();
        fixture.Dispatcher.Post(new CleanupScope());
        await fixture.DisposeAsync();
        var ran = false;

        fixture.Dispatcher.Post(DispatcherFixture.Scope(() => ran = true)).ShouldBe(CleanupDispatch.InlineStopped);

        ran.ShouldBeTrue();

        // A worker may have begun the first one when the time of the drain was over; it ends it by itself.
        await fixture.WhenAllClosedAsync();
    }

    [Fact]
    public async Task After_the_stop_an_open_breaker_is_not_the_reason()
    {
        var fixture = new DispatcherFixture(o => (o.Workers, o.QueueCapacity, o.BatchSize, o.BreakerThreshold, o.StuckAfter) = (1, 1, 1, 1, TimeSpan.FromMinutes(10)));
        using var gate = new ManualResetEventSlim();
        var entered = new TaskCompletionSource();
        fixture.Dispatcher.Post(DispatcherFixture.Blocking(gate, entered));
        await entered.Task.Within();
        fixture.Dispatcher.Post(new CleanupScope()).ShouldBe(CleanupDispatch.InlineQueueFull);
        fixture.Dispatcher.Post(new CleanupScope()).ShouldBe(CleanupDispatch.InlineBreakerOpen);
        gate.Set();
        await fixture.DisposeAsync();

        fixture.Dispatcher.Post(new CleanupScope()).ShouldBe(CleanupDispatch.InlineStopped);

        await fixture.WhenAllClosedAsync();
    }

    [Fact]
    public async Task A_drain_that_runs_out_of_time_closes_the_rest_itself()
    {
        await using var fixture = new DispatcherFixture(o => (o.Workers, o.BatchSize, o.StuckAfter, o.BacklogAge) = (1, 1, TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(10)));
        using var gate = new ManualResetEventSlim();
        var entered = new TaskCompletionSource();
        fixture.Dispatcher.Post(DispatcherFixture.Blocking(gate, entered));
        await entered.Task.Within();
        var closed = 0;
        for (var i = 0; i < 5; i++)
        {
            fixture.Dispatcher.Post(DispatcherFixture.Scope(() => closed++));
        }

        var drain = fixture.Dispatcher.DrainAsync();
        await fixture.Time.WhenDueInAsync(TimeSpan.FromSeconds(10));
        closed.ShouldBe(0);
        fixture.Time.Advance(TimeSpan.FromSeconds(10));

        await drain.Within();
        closed.ShouldBe(5);
        fixture.Logs.Of(5028).Count.ShouldBe(1);
        gate.Set();
        await fixture.WhenAllClosedAsync();
    }

    /// <summary>Cleanup D10.</summary>
    [Fact]
    public async Task All_gauges_are_zero_after_a_churn()
    {
        await using var fixture = new DispatcherFixture(o => o.SourceBurst = 5);
        for (var i = 0; i < 500; i++)
        {
            var scope = DispatcherFixture.Scope(static () => { });
            scope.Defer(0, static async (_, _) => await Task.Yield());
            fixture.Dispatcher.Post(scope, source: CleanupSource.FromKey("one"));
        }

        await fixture.WhenAllClosedAsync();
        fixture.Metrics.Observe();

        fixture.Metrics.Value("resilience.cleanup.pending").ShouldBe(0);
        fixture.Metrics.Value("resilience.cleanup.queue.depth", ("lane", "normal")).ShouldBe(0);
        fixture.Metrics.Value("resilience.cleanup.queue.depth", ("lane", "low")).ShouldBe(0);
        fixture.Metrics.Value("resilience.cleanup.queue.oldest_age").ShouldBe(0);
        fixture.Metrics.Value("resilience.cleanup.breaker.state").ShouldBe(0);
        fixture.Metrics.Value("resilience.cleanup.workers.stuck").ShouldBe(0);
    }

    [Fact]
    public async Task A_throwing_listener_logger_or_callback_loses_nothing()
    {
        await using var fixture = new DispatcherFixture(o =>
        {
            (o.Workers, o.QueueCapacity, o.BatchSize, o.BreakerThreshold) = (1, 1, 1, 1);
            o.OnAlert = static _ => throw new InvalidOperationException("callback");
        });
        using var gate = new ManualResetEventSlim();
        var entered = new TaskCompletionSource();
        fixture.Dispatcher.Post(DispatcherFixture.Blocking(gate, entered));
        await entered.Task.Within();

        fixture.Dispatcher.Post(new CleanupScope()).ShouldBe(CleanupDispatch.InlineQueueFull);

        fixture.Logs.Of(5029).Count.ShouldBe(1);
        gate.Set();
        await fixture.WhenAllClosedAsync();
    }
}
