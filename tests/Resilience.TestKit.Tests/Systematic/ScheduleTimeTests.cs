using Resilience.TestKit.Systematic;

namespace Resilience.TestKit.Tests.Systematic;

public sealed class ScheduleTimeTests
{
    [Fact]
    public void The_clock_jumps_to_the_earliest_timer_only_when_nothing_can_run()
    {
        new ScheduleExplorer { Schedules = 300 }.Verify(static async schedule =>
        {
            var order = new List<string>();
            var late = schedule.Run("late", async () =>
            {
                await Task.Delay(TimeSpan.FromSeconds(5), schedule.Time);
                order.Add("5 s");
            });
            var early = schedule.Run("early", async () =>
            {
                await Task.Delay(TimeSpan.FromSeconds(2), schedule.Time);
                order.Add("2 s");
            });
            for (var i = 0; i < 5; i++)
            {
                await schedule.Yield();
                schedule.Time.Elapsed.ShouldBe(TimeSpan.Zero);
            }

            await Task.WhenAll(late, early);
            order.ShouldBe(["2 s", "5 s"]);
            schedule.Time.Elapsed.ShouldBe(TimeSpan.FromSeconds(5));
            schedule.Time.GetElapsedTime(0).ShouldBe(TimeSpan.FromSeconds(5));
        });
    }

    [Fact]
    public void An_eager_timer_fires_while_others_can_still_run()
    {
        foreach (var strategy in new[] { ScheduleStrategy.Uniform, ScheduleStrategy.Pct })
        {
            TimedOut(new ScheduleExplorer { Schedules = 500 }, strategy).ShouldBe(0);
            TimedOut(new ScheduleExplorer { Schedules = 500, EagerTimers = true, CountFailures = true }, strategy).ShouldBeInRange(1, 499);
        }
    }

    [Fact]
    public void A_periodic_timer_keeps_its_period_and_stops_when_disposed()
    {
        new ScheduleExplorer { Schedules = 200 }.Verify(static async schedule =>
        {
            var ticks = new List<TimeSpan>();
            var third = new TaskCompletionSource();
            await using (schedule.Time.CreateTimer(_ => Tick(), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10)))
            {
                await third.Task;
            }

            await Task.Delay(TimeSpan.FromMinutes(5), schedule.Time);
            ticks.ShouldBe([TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(11), TimeSpan.FromSeconds(21)]);

            void Tick()
            {
                ticks.Add(schedule.Time.Elapsed);
                if (ticks.Count == 3)
                {
                    third.SetResult();
                }
            }
        });
    }

    [Fact]
    public void Disposing_a_timer_asynchronously_waits_for_its_callback()
    {
        new ScheduleExplorer { Schedules = 500, EagerTimers = true }.Verify(static async schedule =>
        {
            var inside = false;
            var timer = schedule.Time.CreateTimer(
                _ =>
                {
                    inside = true;
                    Schedule.Point("inside the callback");
                    inside = false;
                },
                null,
                TimeSpan.FromSeconds(1),
                Timeout.InfiniteTimeSpan);
            await schedule.Yield();
            await schedule.Yield();
            await timer.DisposeAsync();
            inside.ShouldBeFalse();
            timer.Change(TimeSpan.Zero, TimeSpan.Zero).ShouldBeFalse();
        });
    }

    [Fact]
    public void A_cancellation_source_of_the_clock_cancels_in_the_schedule()
    {
        new ScheduleExplorer { Schedules = 200 }.Verify(static async schedule =>
        {
            using var source = new CancellationTokenSource(TimeSpan.FromSeconds(3), schedule.Time);
            var cancelled = new TaskCompletionSource();
            await using var registration = source.Token.UnsafeRegister(static state => ((TaskCompletionSource)state!).SetResult(), cancelled);
            await cancelled.Task;
            schedule.Time.Elapsed.ShouldBe(TimeSpan.FromSeconds(3));
        });
    }

    private static int TimedOut(ScheduleExplorer explorer, ScheduleStrategy strategy) => explorer.Explore(strategy, static async schedule =>
    {
        var timedOut = false;
        using var timer = schedule.Time.CreateTimer(_ => timedOut = true, null, TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);
        for (var i = 0; i < 8; i++)
        {
            await schedule.Yield();
        }

        Schedule.Check(!timedOut, "not timed out");
    }).Failures;
}
