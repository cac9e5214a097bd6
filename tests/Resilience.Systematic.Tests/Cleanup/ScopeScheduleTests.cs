using Microsoft.Extensions.Logging.Abstractions;
using Resilience.Cleanup;
using Resilience.TestKit.Systematic;

namespace Resilience.Systematic.Tests.Cleanup;

/// <summary>The scope under the schedule explorer (cleanup S1, S2, S4, S5, S6).</summary>
public sealed class ScopeScheduleTests(ITestOutputHelper output)
{
    private static readonly ScheduleExplorer Explorer = new();

    [Fact]
    public void Each_step_runs_once_newest_first_and_every_caller_gets_the_same_report_in_every_schedule() =>
        Verify(Explorer, static schedule => ScopeModel.Run(schedule, new RealScope(Create(schedule))));

    [Theory]
    [InlineData(ScopeMutant.NoCompareAndSwap)]
    [InlineData(ScopeMutant.OldestFirst)]
    [InlineData(ScopeMutant.LateRegistrationLost)]
    [InlineData(ScopeMutant.CompletesTooEarly)]
    [InlineData(ScopeMutant.OwnReport)]
    internal void A_planted_fault_of_the_scope_is_caught(ScopeMutant mutant)
    {
        var failure = Explorer.Explore(ScheduleStrategy.Uniform, schedule => ScopeModel.Run(schedule, new MutantScope(mutant))).First
            ?? Explorer.Explore(ScheduleStrategy.Pct, schedule => ScopeModel.Run(schedule, new MutantScope(mutant))).First;

        failure.ShouldNotBeNull();
        output.WriteLine(failure.Message);
    }

    [Fact]
    public void The_copy_without_a_fault_passes() =>
        Verify(new ScheduleExplorer { Schedules = 5_000 }, static schedule => ScopeModel.Run(schedule, new MutantScope(ScopeMutant.None)));

    [Fact]
    public void Of_closing_releasing_and_running_early_exactly_one_wins_in_every_schedule() =>
        Verify(Explorer, static async schedule =>
        {
            var scope = Create(schedule);
            var ran = 0;
            var wins = 0;
            var handle = scope.Defer(0, (_, _) =>
            {
                Schedule.Point("inside the step");
                ran++;
                return ValueTask.CompletedTask;
            });
            var tasks = new[]
            {
                schedule.Run("release", () => Count(handle.Release())),
                schedule.Run("run now", async () => Count(await handle.RunNowAsync())),
                schedule.Run("run now too", async () => Count(await handle.RunNowAsync())),
                schedule.Run("close", async () => await scope.CleanupAsync()),
            };
            foreach (var task in tasks)
            {
                await task;
            }

            var report = await scope.CleanupAsync();
            Schedule.Check(wins <= 1 && ran <= 1, $"{wins} won, ran {ran} times");
            Schedule.Check(report.Steps == ran, $"{report.Steps} counted, ran {ran} times");
            Schedule.Check(wins == 1 || ran == 1, "nobody freed it");

            void Count(bool won) => wins += won ? 1 : 0;
        });

    [Fact]
    public void A_close_never_ends_before_a_step_that_is_run_early() =>
        Verify(Explorer, static async schedule =>
        {
            var scope = Create(schedule);
            var early = false;
            var older = false;
            scope.Defer(0, _ =>
            {
                older = true;
                Schedule.Check(early, "the newer step has ended before the older one runs");
            });
            var handle = scope.Defer(schedule, async (s, _) =>
            {
                await s.Yield();
                Schedule.Point("inside the early step");
                early = true;
            });
            var run = schedule.Run("run now", async () => await handle.RunNowAsync());
            var close = schedule.Run("close", async () =>
            {
                var report = await scope.CleanupAsync();
                Schedule.Check(early && older && report.Succeeded == 2, $"ended with {report.Succeeded} of 2 steps");
            });
            await run;
            await close;
        });

    [Fact]
    public void What_is_registered_while_the_close_ends_is_in_every_report_or_in_none() =>
        Verify(Explorer, static async schedule =>
        {
            var scope = Create(schedule);
            var ran = 0;
            var reports = new List<CleanupReport>();
            scope.Defer(0, _ => ran++);
            var tasks = new[]
            {
                schedule.Run("completion", async () => reports.Add(await scope.Completion)),
                schedule.Run("first", async () => reports.Add(await scope.CleanupAsync())),
                schedule.Run("second", async () => reports.Add(await scope.CleanupAsync())),
                schedule.Run("late", () => scope.Defer(0, _ =>
                {
                    ran++;
                    throw new InvalidDataException();
                })),
            };
            foreach (var task in tasks)
            {
                await task;
            }

            Schedule.Check(ran == 2, $"{ran} of 2 steps ran");
            Schedule.Check(reports.Count == 3 && reports.TrueForAll(r => r == reports[0]), $"different reports: {string.Join("; ", reports)}");
            Schedule.Check(reports[0] is { Succeeded: 1, Failed: 0 or 1 } && reports[0].Failures.Count == reports[0].Failed, $"{reports[0]}");
        });

    [Fact]
    public void A_cancelled_token_and_other_callers_close_once_in_every_schedule() =>
        Verify(Explorer, static async schedule =>
        {
            using var source = new CancellationTokenSource();
            var scope = Create(schedule);
            var freed = 0;
            scope.Defer(0, _ => freed++);
            var register = schedule.Run("close when", () => scope.CloseWhen(source.Token, CleanupReason.Timeout));
            var cancel = schedule.Run("cancel", source.Cancel);
            var begin = schedule.Run("begin", async () =>
            {
                if (scope.TryGetCore()!.TryBegin(CleanupReason.Kicked))
                {
                    await schedule.Yield();
                    await scope.TryGetCore()!.RunBegunAsync();
                }
            });
            await register;
            await cancel;
            await begin;
            var report = await scope.CleanupAsync(CleanupReason.ClientClosed);
            Schedule.Check(freed == 1 && report.Succeeded == 1, $"freed {freed} times");
            Schedule.Check(report.Reason is CleanupReason.Timeout or CleanupReason.Kicked or CleanupReason.ClientClosed, $"reason {report.Reason}");
        });

    [Fact]
    public void Closing_from_inside_a_step_never_hangs_whoever_closes_beside_it() =>
        Verify(Explorer, static async schedule =>
        {
            var scope = Create(schedule);
            var other = Create(schedule);
            scope.Defer((scope, other), static async (s, _) =>
            {
                await s.other.CleanupAsync();
                await s.scope.CleanupAsync();
            });
            other.Defer((scope, schedule), static async (s, _) =>
            {
                await s.schedule.Yield();
                await s.scope.DisposeAsync();
            });
            var first = schedule.Run("first", async () => await scope.CleanupAsync());
            var second = schedule.Run("second", async () => await scope.CleanupAsync());
            await first;
            await second;
            Schedule.Check(schedule.Time.Elapsed == TimeSpan.Zero, "nobody waited for a timeout");
        });

    [Fact]
    public void A_step_that_hangs_is_given_up_in_every_schedule() =>
        Verify(new ScheduleExplorer { EagerTimers = true }, static async schedule =>
        {
            var scope = Create(schedule);
            var freed = 0;
            var never = new TaskCompletionSource();
            scope.Defer(0, _ => freed++);
            scope.Defer(never.Task, static async (task, _) => await task);
            scope.Defer(schedule, static async (s, _) => await s.Yield());
            var first = schedule.Run("first", async () => await scope.CleanupAsync());
            var report = await scope.CleanupAsync();
            await first;
            Schedule.Check(freed == 1 && report.Steps == 3 && report.TimedOut >= 1, $"{report}");
        });

    private static CleanupScope Create(Schedule schedule) =>
        new CleanupScopeFactory(new CleanupScopeOptions(), schedule.Time, NullLogger<CleanupScope>.Instance).Create();

    private void Verify(ScheduleExplorer explorer, Func<Schedule, Task> test)
    {
        foreach (var exploration in explorer.Verify(test))
        {
            output.WriteLine(exploration.ToString());
        }
    }
}
