using Resilience.TestKit.Systematic;

namespace Resilience.Systematic.Tests.Cleanup;

/// <summary>The schedules of the dispatcher find the faults that they are for.</summary>
public sealed class DispatcherMutantTests(ITestOutputHelper output)
{
    private static readonly ScheduleExplorer Explorer = new() { MaxSteps = 2_000 };

    [Theory]
    [InlineData(DispatcherMutant.BreakerBlindToFullQueue)]
    [InlineData(DispatcherMutant.ClaimNotRecovered)]
    [InlineData(DispatcherMutant.WakeUpLostWithWorker)]
    internal void A_planted_fault_of_the_dispatcher_is_caught(DispatcherMutant mutant)
    {
        var failure = Explorer.Explore(ScheduleStrategy.Uniform, schedule => Test(schedule, mutant)).First
            ?? Explorer.Explore(ScheduleStrategy.Pct, schedule => Test(schedule, mutant)).First;

        failure.ShouldNotBeNull();
        output.WriteLine(failure.Message);
    }

    [Fact]
    public void The_copy_without_a_fault_passes() => Explorer.Verify(static schedule => Test(schedule, DispatcherMutant.None)).Count.ShouldBe(2);

    private static async Task Test(Schedule schedule, DispatcherMutant mutant)
    {
        var freed = new List<int>();
        var full = schedule.Choose(2) == 0;
        var dispatcher = new MutantDispatcher(schedule, mutant, capacity: 1);
        var kills = 1;
        schedule.Faults = point => kills > 0 && point.StartsWith("worker:", StringComparison.Ordinal) && schedule.Choose(3) == 0 && kills-- > 0
            ? new InvalidOperationException("killed")
            : null;
        if (full)
        {
            // Nobody takes anything out: the fourth refusal must not reach the queue.
            for (var i = 0; i < 4; i++)
            {
                var id = i;
                dispatcher.Post(() => freed.Add(id));
            }

            Schedule.Check(dispatcher.IsOpen, "the breaker saw the full queue");
        }

        dispatcher.Start();
        var posters = Enumerable.Range(10, 2).Select(id => schedule.Run($"poster {id}", () => dispatcher.Post(() => freed.Add(id)))).ToArray();
        foreach (var poster in posters)
        {
            await poster;
        }

        // The clock moves when nothing can run any more.
        await Task.Delay(TimeSpan.FromSeconds(1), schedule.Time);
        int[] expected = full ? [0, 1, 2, 3, 10, 11] : [10, 11];
        Schedule.Check(dispatcher.Pending == 0, $"{dispatcher.Pending} pending for ever");
        Schedule.Check(freed.Order().SequenceEqual(expected), $"freed: {string.Join(",", freed)}");
    }
}
