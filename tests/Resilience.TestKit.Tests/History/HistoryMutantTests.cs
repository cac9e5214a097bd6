using Resilience.TestKit.History;
using Resilience.TestKit.Systematic;

namespace Resilience.TestKit.Tests.History;

/// <summary>The checker is only worth something if it reports the faults it is for: each of these protocols has one.</summary>
public sealed class HistoryMutantTests(ITestOutputHelper output)
{
    private const LogFaults Everything = LogFaults.LostAnnouncements | LogFaults.DuplicateAnnouncements | LogFaults.Trim | LogFaults.EpochChange;

    private static readonly ScheduleStrategy[] Strategies = [ScheduleStrategy.Uniform, ScheduleStrategy.Pct];

    [Theory]
    [InlineData(LogFaults.None)]
    [InlineData(Everything)]
    internal void The_right_protocol_keeps_every_rule(LogFaults faults)
    {
        foreach (var exploration in new ScheduleExplorer { Schedules = 20_000 }.Verify(schedule => Test(schedule, faults, Mutant.None)))
        {
            output.WriteLine(exploration.ToString());
        }
    }

    [Theory]
    [InlineData(Mutant.NoDedupe, LogFaults.None)]
    [InlineData(Mutant.DrainOnce, LogFaults.None)]
    [InlineData(Mutant.AcceptsEqual, LogFaults.DuplicateAnnouncements)]
    [InlineData(Mutant.GateAfterRead, LogFaults.None)]
    [InlineData(Mutant.NoRefill, LogFaults.LostAnnouncements)]
    [InlineData(Mutant.NoEpochCheck, LogFaults.EpochChange)]
    [InlineData(Mutant.NoTailCheck, LogFaults.LostAnnouncements)]
    [InlineData(Mutant.NoFencing, LogFaults.None)]
    internal void Each_planted_fault_is_reported(Mutant mutant, LogFaults faults)
    {
        var explorer = new ScheduleExplorer { Schedules = 20_000 };
        var found = Strategies.Select(strategy => explorer.Explore(strategy, schedule => Test(schedule, faults, mutant)).First).FirstOrDefault(f => f is not null);

        found.ShouldNotBeNull();
        output.WriteLine(found.Message);
        found.Exception.ShouldBeOfType<HistoryViolatedException>();
    }

    private static async Task Test(Schedule schedule, LogFaults faults, Mutant mutant)
    {
        var history = new HistoryRecorder();
        var log = new FaultyLog(schedule, history, faults);
        var client = new ReplayClient();
        var publishers = Enumerable.Range(0, 2).Select(i => schedule.Run($"publisher {i}", () => log.Publish(3))).Append(schedule.Run("disturber", log.Disturb)).ToArray();

        var first = new ReplayConnection(schedule, log, history, client, 1, mutant);
        var firstRun = schedule.Run("connection 1", first.Run);
        for (var i = schedule.Choose(6); i > 0; i--)
        {
            await schedule.Yield();
        }

        first.Stop();
        if (mutant != Mutant.NoFencing)
        {
            await firstRun;
        }

        var second = new ReplayConnection(schedule, log, history, client, 2, mutant);
        var secondRun = schedule.Run("connection 2", second.Run);
        await Task.WhenAll(publishers);

        // The clock moves only when nothing can run, so after this everything is at rest, two tail checks later.
        await Task.Delay(TimeSpan.FromSeconds(70), schedule.Time);
        history.Add(new HistoryEvent.AtRest(log.Head));
        second.Stop();
        await Task.WhenAll(firstRun, secondRun);
        history.ShouldHold();
    }
}
