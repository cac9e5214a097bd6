using Resilience.Sse;
using Resilience.TestKit.Systematic;

namespace Resilience.Systematic.Tests.Sse;

/// <summary>The signal that a connection's flow waits on, under the schedule explorer: a lost wake-up would be a schedule that never ends.</summary>
public sealed class WakeSignalScheduleTests(ITestOutputHelper output)
{
    private static readonly ScheduleExplorer Explorer = new() { Schedules = 3_000 };

    [Fact]
    public void No_wake_up_is_lost_in_any_schedule()
    {
        foreach (var strategy in (ScheduleStrategy[])[ScheduleStrategy.Uniform, ScheduleStrategy.Pct])
        {
            var failure = Explorer.Explore(strategy, static schedule => RunAsync(schedule, forgetful: false)).First;
            failure.ShouldBeNull(failure?.Message);
        }
    }

    [Fact]
    public void A_signal_that_keeps_no_wake_up_is_caught()
    {
        var failure = Explorer.Explore(ScheduleStrategy.Uniform, static schedule => RunAsync(schedule, forgetful: true)).First;
        failure.ShouldNotBeNull();
        output.WriteLine(failure.Message);
    }

    private static async Task RunAsync(Schedule schedule, bool forgetful)
    {
        const int each = 3;
        var signal = new WakeSignal();
        var waiting = false;
        var produced = 0;
        var consumer = schedule.Run("flow", async () =>
        {
            while (true)
            {
                // What a connection does: look at everything, then wait.
                Schedule.Point("looking");
                if (produced == 2 * each)
                {
                    return;
                }

                Schedule.Point("about to wait");
                waiting = true;
                await signal.WaitAsync();
                waiting = false;
            }
        });
        var producers = Enumerable.Range(0, 2).Select(i => schedule.Run($"waker {i}", () =>
        {
            for (var n = 0; n < each; n++)
            {
                produced++;
                Schedule.Point("produced");
                if (!forgetful || waiting)
                {
                    signal.WakeInline();
                }
            }
        })).ToArray();
        foreach (var producer in producers)
        {
            await producer;
        }

        await consumer;
    }
}
