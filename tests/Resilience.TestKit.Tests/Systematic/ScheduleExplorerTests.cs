using Resilience.TestKit.Systematic;

namespace Resilience.TestKit.Tests.Systematic;

public sealed class ScheduleExplorerTests
{
    private static readonly ScheduleStrategy[] Both = [ScheduleStrategy.Uniform, ScheduleStrategy.Pct];

    [Fact]
    public void A_lost_update_inside_synchronous_code_is_found()
    {
        foreach (var strategy in Both)
        {
            var exploration = new ScheduleExplorer { Schedules = 500 }.Explore(strategy, LostUpdate);

            exploration.First.ShouldNotBeNull();
            exploration.First.Kind.ShouldBe(ScheduleFailureKind.Exception);
            exploration.First.Trace.ShouldContain("between read and write");
        }
    }

    [Fact]
    public void A_correct_counter_passes_every_schedule()
    {
        var explorations = new ScheduleExplorer { Schedules = 2_000 }.Verify(static async schedule =>
        {
            var counter = 0;
            var tasks = Enumerable.Range(0, 3).Select(i => schedule.Run($"adder {i}", () =>
            {
                int seen;
                do
                {
                    seen = Volatile.Read(ref counter);
                    Schedule.Point("between read and write");
                }
                while (Interlocked.CompareExchange(ref counter, seen + 1, seen) != seen);
            })).ToArray();
            await Task.WhenAll(tasks);
            counter.ShouldBe(3);
        });

        explorations.ShouldAllBe(e => e.Failures == 0 && e.Schedules == 2_000 && e.Distinct > 30);
    }

    [Fact]
    public void A_seed_repeats_its_schedule_exactly()
    {
        foreach (var strategy in Both)
        {
            var explorer = new ScheduleExplorer { Schedules = 500 };
            var failure = explorer.Explore(strategy, LostUpdate).First!;

            for (var i = 0; i < 3; i++)
            {
                var again = explorer.Replay(strategy, failure.Seed, LostUpdate)!;
                again.TraceHash.ShouldBe(failure.TraceHash);
                again.Trace.ShouldBe(failure.Trace);
                again.Steps.ShouldBe(failure.Steps);
            }
        }
    }

    [Fact]
    public void A_failed_verification_names_the_seed_and_shows_the_trace()
    {
        var thrown = Should.Throw<ScheduleFailedException>(() => new ScheduleExplorer { Schedules = 500 }.Verify(LostUpdate));

        thrown.Message.ShouldContain($"{ScheduleExplorer.SeedVariable}={thrown.Failure.Seed}");
        thrown.Message.ShouldContain("between read and write");
        thrown.Message.ShouldContain("took the same steps");
    }

    [Fact]
    public void A_deadlock_is_found_and_names_who_waits()
    {
        foreach (var strategy in Both)
        {
            var exploration = new ScheduleExplorer { Schedules = 500, EscapeGrace = TimeSpan.FromMilliseconds(1) }.Explore(strategy, static async schedule =>
            {
                using var first = new SemaphoreSlim(1);
                using var second = new SemaphoreSlim(1);
                await Task.WhenAll(
                    schedule.Run("ascending", () => TakeBoth(schedule, first, second)),
                    schedule.Run("descending", () => TakeBoth(schedule, second, first)));
            });

            exploration.First!.Kind.ShouldBe(ScheduleFailureKind.Deadlock);
            exploration.First.Message.ShouldContain("'ascending'");
            exploration.First.Message.ShouldContain("'descending'");
        }
    }

    [Fact]
    public void A_livelock_ends_at_the_bound_on_steps()
    {
        foreach (var strategy in Both)
        {
            var exploration = new ScheduleExplorer { Schedules = 3, MaxSteps = 200 }.Explore(strategy, static async schedule =>
            {
                while (true)
                {
                    await schedule.GiveWay();
                }
            });

            exploration.First!.Kind.ShouldBe(ScheduleFailureKind.Livelock);
            exploration.First.Steps.ShouldBe(201);
        }
    }

    [Fact]
    public void Polling_does_not_starve_the_task_it_waits_for()
    {
        new ScheduleExplorer { Schedules = 1_000, MaxSteps = 2_000 }.Verify(static async schedule =>
        {
            var ready = false;
            var worker = schedule.Run("worker", async () =>
            {
                await schedule.Yield();
                ready = true;
            });
            while (!ready)
            {
                await schedule.Yield();
            }

            await worker;
        });
    }

    [Fact]
    public void A_parked_strand_of_a_failed_schedule_does_not_disturb_the_next()
    {
        var exploration = new ScheduleExplorer { Schedules = 300, CountFailures = true }.Explore(ScheduleStrategy.Uniform, static async schedule =>
        {
            var inside = 0;
            var tasks = Enumerable.Range(0, 3).Select(i => schedule.Run($"t{i}", () =>
            {
                inside++;
                Schedule.Point("inside");
                Schedule.Check(inside == 1, "alone");
                inside--;
            })).ToArray();
            await Task.WhenAll(tasks);
        });

        exploration.Schedules.ShouldBe(300);
        exploration.Failures.ShouldBeInRange(100, 299);
    }

    [Fact]
    public void A_background_task_that_dies_fails_the_schedule()
    {
        var exploration = new ScheduleExplorer { Schedules = 50 }.Explore(ScheduleStrategy.Uniform, static async schedule =>
        {
            _ = schedule.Run("loop", static () => throw new InvalidOperationException("the loop died"));
            await schedule.Yield();
            await schedule.Yield();
        });

        exploration.First!.Message.ShouldContain("'loop' failed: the loop died");
    }

    [Fact]
    public void A_cancelled_test_is_a_failure()
    {
        var exploration = new ScheduleExplorer { Schedules = 1 }.Explore(
            ScheduleStrategy.Uniform, static _ => Task.FromCanceled(new CancellationToken(canceled: true)));

        exploration.Failures.ShouldBe(1);
    }

    [Fact]
    public void A_continuation_that_leaves_the_explorer_is_named()
    {
        var exploration = new ScheduleExplorer { Schedules = 1, EscapeGrace = TimeSpan.FromSeconds(30) }.Explore(ScheduleStrategy.Uniform, LeaveAsync);

        exploration.First!.Kind.ShouldBe(ScheduleFailureKind.Escape);
    }

    [Fact]
    public void An_escape_is_taken_in_where_that_is_allowed()
    {
        var explorer = new ScheduleExplorer { Schedules = 20, AllowEscapes = true, EscapeGrace = TimeSpan.FromSeconds(30) };

        explorer.Explore(ScheduleStrategy.Uniform, LeaveAsync).Failures.ShouldBe(0);
    }

    [Fact]
    public void A_step_that_blocks_its_thread_ends_the_run()
    {
        using var never = new ManualResetEventSlim();
        var exploration = new ScheduleExplorer { Schedules = 5, BlockedAfter = TimeSpan.FromSeconds(5) }.Explore(ScheduleStrategy.Uniform, schedule =>
        {
            Schedule.Point("before the wait");
            never.Wait();
            return Task.CompletedTask;
        });
        never.Set();

        exploration.First!.Kind.ShouldBe(ScheduleFailureKind.Blocked);
        exploration.First.Trace.ShouldContain("before the wait");
    }

    [Fact]
    public async Task Background_work_outside_a_schedule_goes_to_the_thread_pool()
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        ScheduleExplorer.Interleave("nobody listens");
        await ScheduleExplorer.StartBackground(() =>
        {
            done.SetResult();
            return Task.CompletedTask;
        });

        await done.Task.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System);
    }

    [Fact]
    public void An_async_local_flows_to_the_tasks_that_are_started_and_not_back()
    {
        var local = new AsyncLocal<string>();
        new ScheduleExplorer { Schedules = 200 }.Verify(async schedule =>
        {
            local.Value = "main";
            await schedule.Run("child", async () =>
            {
                local.Value.ShouldBe("main");
                local.Value = "child";
                await schedule.Yield();
                local.Value.ShouldBe("child");
            });
            local.Value.ShouldBe("main");
        });
    }

    private static async Task LostUpdate(Schedule schedule)
    {
        var counter = 0;
        await Task.WhenAll(schedule.Run("first", Add), schedule.Run("second", Add));
        counter.ShouldBe(2);

        void Add()
        {
            var seen = counter;
            Schedule.Point("between read and write");
            counter = seen + 1;
        }
    }

    private static async Task TakeBoth(Schedule schedule, SemaphoreSlim one, SemaphoreSlim other)
    {
        await one.WaitAsync();
        await schedule.Yield();
        await other.WaitAsync();
        other.Release();
        one.Release();
    }

    /// <summary>Awaits what a thread of the pool completes, and never before it is awaited: a task that is complete by then would not leave.</summary>
    private static async Task LeaveAsync(Schedule schedule)
    {
        var left = new TaskCompletionSource();
        _ = schedule.Run("outside", () =>
        {
            _ = Task.Run(left.SetResult);
        });
        await left.Task;
    }
}
