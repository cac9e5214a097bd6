using Microsoft.Extensions.Logging.Abstractions;
using Resilience.Cleanup;
using Resilience.TestKit.Systematic;

namespace Resilience.Systematic.Tests.Cleanup;

/// <summary>The coalescing lane under the schedule explorer (cleanup D9).</summary>
public sealed class LaneScheduleTests(ITestOutputHelper output)
{
    [Fact]
    public void The_sum_of_what_is_handled_is_the_sum_of_what_was_posted_in_every_schedule() =>
        Verify(new ScheduleExplorer { EagerTimers = true }, static async schedule =>
        {
            var handler = new Summing(schedule, failures: 1);
            var lane = Create(schedule, handler, o => (o.Delay, o.Concurrency) = (TimeSpan.FromSeconds(3), 2));
            var posters = new[] { 1, 1, -1, 1 }.Select((value, i) => schedule.Run($"poster {i}", () => lane.Post("room", value))).ToArray();
            foreach (var poster in posters)
            {
                await poster;
            }

            while (lane.Pending > 0)
            {
                await Task.Delay(TimeSpan.FromSeconds(1), schedule.Time);
            }

            Schedule.Check(handler.Sum == 2, $"handled {handler.Sum}");
            Schedule.Check(handler.MostAtOnce == 1, "one at a time for a key");
        });

    [Fact]
    public void Leaves_and_joins_of_one_batch_give_exactly_one_change_in_every_schedule() =>
        Verify(new ScheduleExplorer(), static async schedule =>
        {
            // Three members leave; the one who empties the room posts "vacated", the one who fills it posts "occupied".
            var handler = new Summing(schedule, failures: 0);
            var lane = Create(schedule, handler, o => o.Delay = TimeSpan.FromSeconds(3));
            var members = 3;
            var rejoin = schedule.Choose(2) == 1;
            var leaving = Enumerable.Range(0, 3).Select(i => schedule.Run($"leave {i}", () =>
            {
                if (--members == 0)
                {
                    lane.Post("room", -1);
                }
            })).ToArray();
            foreach (var leave in leaving)
            {
                await leave;
            }

            if (rejoin)
            {
                await Task.Delay(TimeSpan.FromSeconds(2), schedule.Time);
                members++;
                lane.Post("room", 1);
            }

            await Task.Delay(TimeSpan.FromSeconds(10), schedule.Time);
            Schedule.Check(handler.Calls == (rejoin ? 0 : 1), $"{handler.Calls} changes");
        });

    private static CoalescingLane<string, int> Create(Schedule schedule, ICoalescingHandler<string, int> handler, Action<CoalescingLaneOptions> configure)
    {
        var options = new CoalescingLaneOptions();
        configure(options);
        return new CoalescingLane<string, int>("lane", handler, options, schedule.Time, NullLogger<CoalescingLane<string, int>>.Instance);
    }

    private void Verify(ScheduleExplorer explorer, Func<Schedule, Task> test)
    {
        foreach (var exploration in explorer.Verify(test))
        {
            output.WriteLine(exploration.ToString());
        }
    }

    private sealed class Summing(Schedule schedule, int failures) : ICoalescingHandler<string, int>
    {
        private int _failures = failures;
        private int _running;

        public int Sum { get; private set; }

        public int Calls { get; private set; }

        public int MostAtOnce { get; private set; }

        public bool TryMerge(string key, int pending, int added, out int merged)
        {
            Schedule.Point("merging");
            merged = pending + added;
            return merged != 0;
        }

        public async ValueTask HandleAsync(IReadOnlyList<KeyValuePair<string, int>> batch, CancellationToken cancellationToken)
        {
            MostAtOnce = Math.Max(MostAtOnce, ++_running);
            await schedule.Yield();
            _running--;
            if (_failures > 0 && schedule.Choose(2) == 0)
            {
                _failures--;
                throw new InvalidOperationException("refused");
            }

            Calls++;
            Sum += batch.Sum(b => b.Value);
        }
    }
}
