using Resilience.TestKit.Systematic;

namespace Resilience.TestKit.Tests.Systematic;

public sealed class ReconnectProtocolTests(ITestOutputHelper output)
{
    private static readonly ScheduleExplorer All = new() { Schedules = 20_000, CountFailures = true };

    [Fact]
    public void Reading_before_subscribing_is_caught()
    {
        Count(ScheduleStrategy.Uniform, static (s, _) => s.ReadThenSubscribe()).ShouldBeGreaterThan(0);
        Count(ScheduleStrategy.Pct, static (s, _) => s.ReadThenSubscribe()).ShouldBeGreaterThan(0);
    }

    [Fact]
    public void Subscribing_before_reading_without_removing_duplicates_is_caught()
    {
        Count(ScheduleStrategy.Uniform, static (s, _) => s.SubscribeThenRead()).ShouldBeGreaterThan(0);
        Count(ScheduleStrategy.Pct, static (s, _) => s.SubscribeThenRead()).ShouldBeGreaterThan(0);
    }

    [Fact]
    public void Draining_the_buffer_once_is_caught_by_pct()
    {
        Count(ScheduleStrategy.Uniform, static (s, _) => s.DrainOnceThenGoLive());
        Count(ScheduleStrategy.Pct, static (s, _) => s.DrainOnceThenGoLive()).ShouldBeGreaterThan(0);
    }

    [Fact]
    public void One_pump_that_takes_strictly_the_next_entry_passes_every_schedule()
    {
        Count(ScheduleStrategy.Uniform, static (s, published) => s.OnePump(published)).ShouldBe(0);
        Count(ScheduleStrategy.Pct, static (s, published) => s.OnePump(published)).ShouldBe(0);
    }

    private int Count(ScheduleStrategy strategy, Func<ReconnectProtocols, Func<Task>, Task> client)
    {
        var exploration = All.Explore(strategy, schedule => ReconnectProtocols.Test(schedule, client));
        output.WriteLine(exploration.ToString());
        if (exploration.First is { } failure)
        {
            output.WriteLine(failure.Message);
        }

        return exploration.Failures;
    }
}
