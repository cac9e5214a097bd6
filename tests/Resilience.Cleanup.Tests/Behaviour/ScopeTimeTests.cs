using Microsoft.Extensions.Logging.Abstractions;
using Resilience.TestKit;

namespace Resilience.Cleanup.Tests.Behaviour;

public sealed class ScopeTimeTests
{
    private readonly ManualTimeProvider _time = new();
    private readonly List<string> _log = [];

    private CleanupScope Create(TimeSpan? step = null, TimeSpan? deadline = null) => new CleanupScopeFactory(
        new CleanupScopeOptions { StepTimeout = step ?? TimeSpan.FromSeconds(5), Deadline = deadline ?? TimeSpan.FromSeconds(10) },
        _time,
        NullLogger<CleanupScope>.Instance).Create();

    [Fact]
    public async Task A_hanging_step_is_given_up_and_the_next_ones_run()
    {
        var scope = Create();
        var never = new TaskCompletionSource();
        scope.Defer(_log, static log => log.Add("older"));
        scope.Defer(never.Task, static async (task, _) => await task, "hangs");

        var close = scope.CleanupAsync();
        _time.Advance(TimeSpan.FromSeconds(5) - TimeSpan.FromTicks(1));
        close.IsCompleted.ShouldBeFalse();
        _time.Advance(TimeSpan.FromTicks(1));

        var report = await close.AsTask().Within();
        _log.ShouldBe(["older"]);
        (report.Succeeded, report.TimedOut, report.Duration).ShouldBe((1, 1, TimeSpan.FromSeconds(5)));
        report.Failures.ShouldHaveSingleItem().ShouldSatisfyAllConditions(
            f => f.Step.ShouldBe("hangs"), f => f.TimedOut.ShouldBeTrue(), f => f.Exception.ShouldBeOfType<TimeoutException>());
        _time.ActiveTimers.ShouldBe(0);
    }

    [Fact]
    public async Task A_step_never_sees_a_cancelled_token_before_its_own_time_is_over()
    {
        using var connection = new CancellationTokenSource();
        await connection.CancelAsync();
        var scope = Create();
        scope.CloseWhen(connection.Token);
        var seen = new List<bool>();
        scope.Defer(seen, static async (log, context) =>
        {
            var token = context.CancellationToken;
            log.Add(token.IsCancellationRequested);
            var over = new TaskCompletionSource();
            await using var registration = token.Register(over.SetResult);
            await over.Task;
            log.Add(token.IsCancellationRequested);
        });

        var close = scope.CleanupAsync();
        await _time.WhenTimersAsync(2);
        seen.ShouldBe([false]);
        _time.Advance(TimeSpan.FromSeconds(5));

        await close.AsTask().Within();
        await Watchdog.UntilAsync(() => seen.Count == 2);
        seen.ShouldBe([false, true]);
    }

    [Fact]
    public async Task A_step_that_ends_because_its_token_was_cancelled_counts_as_given_up()
    {
        var scope = Create();
        scope.Defer(_time, static async (time, context) => await Task.Delay(TimeSpan.FromHours(1), time, context.CancellationToken));

        var close = scope.CleanupAsync();
        await _time.WhenTimersAsync(3);
        _time.Advance(TimeSpan.FromSeconds(5));

        (await close.AsTask().Within()).TimedOut.ShouldBe(1);
    }

    [Fact]
    public async Task After_the_deadline_the_remaining_steps_are_started_and_not_waited_for()
    {
        var scope = Create(step: TimeSpan.FromSeconds(5), deadline: TimeSpan.FromSeconds(8));
        var never = new TaskCompletionSource();
        var tokens = new List<bool>();
        for (var i = 0; i < 4; i++)
        {
            scope.Defer((never.Task, tokens), static async (s, context) =>
            {
                s.tokens.Add(context.CancellationToken.IsCancellationRequested);
                await s.Task;
            });
        }

        var close = scope.CleanupAsync().AsTask();
        await _time.DriveAsync(close, TimeSpan.FromSeconds(8));

        var report = await close;
        (report.TimedOut, report.Duration).ShouldBe((4, TimeSpan.FromSeconds(8)));
        tokens.ShouldBe([false, false, false, false]);
        never.SetResult();
    }

    [Fact]
    public async Task No_timer_is_made_for_a_step_that_ends_at_once()
    {
        var scope = Create();
        scope.Use(new AsyncProbe(_log, "async"));
        scope.Defer(_log, static (log, _) => ValueTask.CompletedTask);

        await scope.CleanupAsync();

        _time.Armings.ShouldBe(0);
    }

    [Fact]
    public async Task The_end_of_a_step_that_was_given_up_is_observed()
    {
        using var meters = new TestMeterFactory();
        using var metrics = new MetricCollector(meters);
        using var logs = new LogCollector();
        var environment = new ScopeEnvironment(new CleanupScopeOptions(), _time, new CleanupMetrics(meters), logs.CreateLogger<CleanupScope>());
        var scope = new CleanupScope(new ScopeCore(environment));
        var gate = new TaskCompletionSource();
        scope.Defer(gate.Task, static async (task, _) => await task, "slow");

        var close = scope.CleanupAsync();
        _time.Advance(TimeSpan.FromSeconds(5));
        await close.AsTask().Within();
        gate.SetException(new InvalidDataException());

        await logs.WhenAsync(5003);
        metrics.Value("resilience.cleanup.steps.abandoned_ended").ShouldBe(1);
        metrics.Value("resilience.cleanup.steps", ("outcome", "timed_out")).ShouldBe(1);
    }
}
