using Resilience.Cleanup;
using Resilience.TestKit.Systematic;

namespace Resilience.Systematic.Tests.Cleanup;

/// <summary>The dispatcher under the schedule explorer (cleanup D1, D2, D4, D7).</summary>
public sealed class DispatcherScheduleTests(ITestOutputHelper output)
{
    private static readonly ScheduleExplorer Explorer = new() { MaxSteps = 5_000 };

    [Fact]
    public void Every_posted_scope_is_freed_once_in_every_schedule() =>
        Verify(static async schedule =>
        {
            var model = new DispatcherModel(schedule);
            var dispatcher = model.Create();
            var scope = model.Scope(yields: true);
            var posters = new[]
            {
                schedule.Run("poster 1", () => dispatcher.Post(scope)),
                schedule.Run("poster 2", () => dispatcher.Post(scope)),
                schedule.Run("poster 3", () => dispatcher.Post(model.Scope())),
                schedule.Run("closer", async () => await scope.CleanupAsync()),
            };
            foreach (var poster in posters)
            {
                await poster;
            }

            await model.ShouldEndEmptyAsync();
        });

    [Fact]
    public void With_room_for_one_and_workers_that_die_nothing_is_lost_in_any_schedule() =>
        Verify(static async schedule =>
        {
            var model = new DispatcherModel(schedule);
            var dispatcher = model.Create(o => (o.Workers, o.QueueCapacity, o.BatchSize) = (1, 1, 1));
            model.KillWorkers(3);
            var first = schedule.Run("poster 1", () => PostTwo(model));
            var second = schedule.Run("poster 2", () => PostTwo(model));
            await first;
            await second;
            await model.ShouldEndEmptyAsync();
            Schedule.Check(dispatcher.Snapshot().Posted == 4, "all were posted");
        });

    [Fact]
    public void Stopped_at_any_moment_nothing_is_lost_and_nobody_waits() =>
        Verify(static async schedule =>
        {
            var model = new DispatcherModel(schedule);
            var dispatcher = model.Create(o => (o.Workers, o.BatchSize) = (1, 2));
            model.KillWorkers(1);
            var first = schedule.Run("poster 1", () => PostTwo(model));
            var second = schedule.Run("poster 2", () => PostTwo(model));
            var stop = schedule.Run("stop", () => dispatcher.DrainAsync());
            await first;
            await second;
            await stop;
            await model.ShouldEndEmptyAsync();
            Schedule.Check(dispatcher.Post(model.Scope()) == CleanupDispatch.InlineStopped, "stopped");
            model.ShouldHaveFreedAll();
        });

    [Fact]
    public void Members_are_removed_once_whoever_closes_their_scope() =>
        Verify(static async schedule =>
        {
            var model = new DispatcherModel(schedule);
            var dispatcher = model.Create();
            var index = new CountingIndex();
            model.KillWorkers(1);
            var scopes = Enumerable.Range(0, 3).Select(i =>
            {
                var scope = model.Scope();
                scope.RemoveFrom(index, i % 2, i);
                return scope;
            }).ToArray();
            var posts = scopes.Select((scope, i) => schedule.Run($"poster {i}", () => dispatcher.Post(scope))).ToArray();
            var closer = schedule.Run("closer", async () => await scopes[0].CleanupAsync());
            foreach (var post in posts)
            {
                await post;
            }

            await closer;
            await model.ShouldEndEmptyAsync();
            Schedule.Check(index.Removed.Order().SequenceEqual([0, 1, 2]), $"removed: {string.Join(",", index.Removed)}");
        });

    private static void PostTwo(DispatcherModel model)
    {
        model.Dispatcher.Post(model.Scope());
        model.Dispatcher.Post(model.Scope(yields: true));
    }

    private void Verify(Func<Schedule, Task> test)
    {
        foreach (var exploration in Explorer.Verify(test))
        {
            output.WriteLine(exploration.ToString());
        }
    }

    private sealed class CountingIndex : IBatchCleanup<int, int>
    {
        private readonly Lock[] _locks = [new(), new()];

        public List<int> Removed { get; } = [];

        public Lock GetLock(int key) => _locks[key];

        public void RemoveMany(int key, ReadOnlySpan<int> members) => Removed.AddRange(members);
    }
}
