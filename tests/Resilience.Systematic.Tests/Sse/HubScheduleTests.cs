using Resilience.TestKit.Systematic;

namespace Resilience.Systematic.Tests.Sse;

/// <summary>The hub and its readers under the schedule explorer, judged by the history checker.</summary>
public sealed class HubScheduleTests(ITestOutputHelper output)
{
    private static readonly ScheduleExplorer Explorer = new() { Schedules = 3_000 };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Every_event_comes_once_and_in_order_or_is_told_as_lost_in_every_schedule(bool evicting)
    {
        foreach (var strategy in (ScheduleStrategy[])[ScheduleStrategy.Uniform, ScheduleStrategy.Pct])
        {
            var failure = Explorer.Explore(strategy, schedule => HubModel.Run(schedule, ReaderFault.None, evicting)).First;
            failure.ShouldBeNull(failure?.Message);
        }
    }

    [Theory]
    [InlineData(ReaderFault.SkipsOnReconnection, false)]
    [InlineData(ReaderFault.RepeatsOnReconnection, false)]
    [InlineData(ReaderFault.HidesLoss, true)]
    [InlineData(ReaderFault.TellsNeedlessGap, false)]
    [InlineData(ReaderFault.SwapsTwo, false)]
    [InlineData(ReaderFault.DropsOne, false)]
    [InlineData(ReaderFault.WrongContent, false)]
    [InlineData(ReaderFault.ReadsHeadLast, false)]
    [InlineData(ReaderFault.LosesTail, false)]
    public void A_planted_fault_of_the_reader_is_caught(ReaderFault fault, bool evicting)
    {
        var failure = Explorer.Explore(ScheduleStrategy.Uniform, schedule => HubModel.Run(schedule, fault, evicting)).First
            ?? Explorer.Explore(ScheduleStrategy.Pct, schedule => HubModel.Run(schedule, fault, evicting)).First;
        failure.ShouldNotBeNull();
        output.WriteLine(failure.Message);
    }
}
