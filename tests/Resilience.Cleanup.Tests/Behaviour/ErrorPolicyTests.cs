using System.Reflection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Resilience.TestKit;

namespace Resilience.Cleanup.Tests.Behaviour;

/// <summary>The error policy of the package's page (C10): which level, how often, what is tried again, what reaches the caller.</summary>
public sealed class ErrorPolicyTests
{
    private readonly LogCollector _logs = new();

    [Fact]
    public void Every_event_has_the_level_that_the_policy_gives_its_kind()
    {
        string[] someoneMustAct = ["WorkerCrashed", "WorkerStuck", "LaneItemFailed", "LaneNotDrained", "LaneMergeFailed"];
        string[] degradedButHandled = ["ScopeFailed", "ScopeSlow", "LateStepFailed", "BreakerOpened", "Backlogged", "LockNotTaken", "DrainTimedOut", "AlertCallbackFailed", "LaneFull"];
        string[] good = ["BreakerClosed", "BacklogCleared", "StuckCleared", "LaneFullCleared", "LaneRecovered"];
        string[] perItem = ["AbandonedStepEnded", "LaneRetry"];
        var expected = someoneMustAct.Select(static name => (name, LogLevel.Error))
            .Concat(degradedButHandled.Select(static name => (name, LogLevel.Warning)))
            .Concat(good.Select(static name => (name, LogLevel.Information)))
            .Concat(perItem.Select(static name => (name, LogLevel.Debug)));

        var events = typeof(CleanupDispatcher).Assembly.GetType("Resilience.Cleanup.CleanupLog", throwOnError: true)!
            .GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)
            .Select(static method => (method.Name, Message: method.GetCustomAttribute<LoggerMessageAttribute>()))
            .Where(static item => item.Message is not null)
            .Select(static item => (item.Name, item.Message!.Level));

        events.Order().ShouldBe(expected.Order());
    }

    [Fact]
    public async Task A_failing_step_throws_nothing_and_is_one_warning_per_scope()
    {
        var scope = Create();
        for (var i = 0; i < 3; i++)
        {
            scope.Defer(i, static n => throw new InvalidDataException($"step {n}"));
        }

        scope.Defer(0, static async (_, _) =>
        {
            await Task.Yield();
            throw new InvalidDataException("asynchronous");
        });

        await scope.DisposeAsync();
        var report = await scope.CleanupAsync();

        (report.Steps, report.Failed).ShouldBe((4, 4));
        report.ToException().ShouldBeOfType<AggregateException>().InnerExceptions.Count.ShouldBe(4);
        Levels().ShouldBe([(LogLevel.Warning, 5000)]);
    }

    [Fact]
    public async Task A_normal_close_is_not_logged()
    {
        await using var fixture = new DispatcherFixture();
        var scope = Create();
        scope.Defer(0, static async (_, _) => await Task.Yield());

        fixture.Dispatcher.Post(scope);
        await fixture.WhenAllClosedAsync();

        _logs.Records.ShouldBeEmpty();
        fixture.Logs.Records.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_storm_on_a_full_queue_is_one_warning_and_one_information()
    {
        await using var fixture = new DispatcherFixture(o =>
            (o.Workers, o.QueueCapacity, o.BatchSize, o.StuckAfter, o.BacklogAge) = (1, 1, 1, TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(10)));
        using var gate = new ManualResetEventSlim();
        var entered = new TaskCompletionSource();
        fixture.Dispatcher.Post(DispatcherFixture.Blocking(gate, entered));
        await entered.Task.Within();

        var closed = 0;
        for (var i = 0; i < 1_000; i++)
        {
            fixture.Dispatcher.Post(DispatcherFixture.Scope(() => closed++));
        }

        closed.ShouldBe(1_000);
        gate.Set();
        await fixture.WhenAllClosedAsync();
        fixture.Time.Advance(TimeSpan.FromSeconds(30));
        fixture.Dispatcher.Post(new CleanupScope()).ShouldBe(CleanupDispatch.Queued);
        await fixture.WhenAllClosedAsync();

        fixture.Logs.Records.Select(static record => (record.Level, record.EventId.Id)).ShouldBe([(LogLevel.Warning, 5020), (LogLevel.Information, 5021)]);
    }

    [Fact]
    public async Task A_worker_that_crashes_is_one_error_and_nobody_else_notices()
    {
        await using var fixture = new DispatcherFixture(o => o.Workers = 1);
        var left = 1;
        var scope = DispatcherFixture.Scope(static () => { });
        scope.RemoveFrom(new FragileIndex(1), new FragileKey(0, () => Interlocked.Decrement(ref left) >= 0), 1);

        fixture.Dispatcher.Post(scope).ShouldBe(CleanupDispatch.Queued);

        (await scope.Completion.Within()).Succeeded.ShouldBe(2);
        await fixture.WhenAllClosedAsync();
        fixture.Logs.Records.Select(static record => (record.Level, record.EventId.Id)).ShouldBe([(LogLevel.Error, 5024)]);
        fixture.Metrics.Value("resilience.cleanup.worker.restarts").ShouldBe(1);
    }

    [Fact]
    public async Task A_lock_that_stays_taken_is_one_warning_however_often_it_is_tried()
    {
        var index = new ChannelIndex();
        var time = new ManualTimeProvider();
        using var meters = new TestMeterFactory();
        using var metrics = new MetricCollector(meters);
        var scopes = new CleanupScopeFactory(Options.Create(new CleanupScopeOptions()), time, new CleanupMetrics(meters), _logs.CreateLogger<CleanupScope>());
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
        var closings = Enumerable.Range(0, 3).Select(member =>
        {
            var scope = scopes.Create();
            index.Join(2, member);
            scope.RemoveFrom(index, 1, member);
            return scope.CleanupAsync().AsTask();
        }).ToArray();

        // Two attempts of each in vain: counted each time.
        await UntilAsync(() => metrics.Value("resilience.cleanup.lock.timeouts") >= 6);
        release.Set();
        await holder.Within();
        var all = Task.WhenAll(closings);
        await UntilAsync(() => all.IsCompleted);

        Levels().ShouldBe([(LogLevel.Warning, 5027)]);
        (await all).ShouldAllBe(static report => report.Succeeded == 1);

        // Moves the clock for the attempts only, never as far as the time of a step.
        Task UntilAsync(Func<bool> condition) => Watchdog.UntilAsync(() =>
        {
            if (time.NextDueIn is { } due && due < TimeSpan.FromSeconds(1))
            {
                time.Advance(due);
            }

            return condition();
        });
    }

    [Fact]
    public async Task A_lane_retries_at_debug_and_gives_up_with_an_error()
    {
        var time = new ManualTimeProvider();
        var handler = new PresenceHandler { Fails = static key => key == "bad" };
        await using var lane = new CoalescingLane<string, int>(
            "presence", handler, new CoalescingLaneOptions { Retries = 2, Concurrency = 1 }, time, _logs.CreateLogger<CoalescingLane<string, int>>());

        lane.Post("bad", 1).ShouldBe(CoalescingPost.Added);
        foreach (var seconds in new[] { 2, 4 })
        {
            await time.WhenDueInAsync(TimeSpan.FromSeconds(seconds));
            time.Advance(TimeSpan.FromSeconds(seconds));
        }

        await _logs.WhenAsync(5061);
        lane.Post("good", 1);
        await _logs.WhenAsync(5065);

        Levels().ShouldBe([(LogLevel.Debug, 5060), (LogLevel.Debug, 5060), (LogLevel.Error, 5061), (LogLevel.Information, 5065)]);
        handler.Attempts("bad").ShouldBe(3);
    }

    [Fact]
    public async Task Mistakes_of_the_caller_throw_at_once()
    {
        await using var fixture = new DispatcherFixture();
        var scope = new CleanupScope();

        Should.Throw<ArgumentNullException>(() => fixture.Dispatcher.Post(null!)).ParamName.ShouldBe("scope");
        Should.Throw<ArgumentNullException>(() => scope.Use((IDisposable)null!)).ParamName.ShouldBe("resource");
        Should.Throw<ArgumentNullException>(() => scope.Use((IAsyncDisposable)null!)).ParamName.ShouldBe("resource");
        Should.Throw<ArgumentNullException>(() => scope.Defer(1, (Action<int>)null!)).ParamName.ShouldBe("step");
        Should.Throw<ArgumentNullException>(() => scope.RemoveFrom<int, int>(null!, 1, 1)).ParamName.ShouldBe("index");
        await scope.Move().DisposeAsync();
        Should.Throw<InvalidOperationException>(() => scope.Defer(1, static _ => { })).Message.ShouldContain("Register with the scope that Move returned");
        Should.Throw<InvalidOperationException>(() => scope.Move());
        fixture.Logs.Records.ShouldBeEmpty();
    }

    private CleanupScope Create() =>
        new CleanupScopeFactory(new CleanupScopeOptions(), new ManualTimeProvider(), _logs.CreateLogger<CleanupScope>()).Create();

    private IEnumerable<(LogLevel Level, int Id)> Levels() => _logs.Records.Select(static record => (record.Level, record.EventId.Id));
}
