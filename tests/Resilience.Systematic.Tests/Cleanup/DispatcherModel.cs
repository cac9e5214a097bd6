using Microsoft.Extensions.Logging.Abstractions;
using Resilience.Cleanup;
using Resilience.TestKit.Systematic;

namespace Resilience.Systematic.Tests.Cleanup;

/// <summary>A dispatcher in one schedule: who posts, what goes wrong, and the conservation that must hold in the end.</summary>
internal sealed class DispatcherModel(Schedule schedule)
{
    private readonly List<int> _freed = [];
    private int _scopes;

    public CleanupDispatcher Dispatcher { get; private set; } = null!;

    public CleanupDispatcher Create(Action<CleanupDispatcherOptions>? configure = null)
    {
        var options = new CleanupDispatcherOptions { Workers = 2, QueueCapacity = 8, BatchSize = 2 };
        configure?.Invoke(options);
        return Dispatcher = new CleanupDispatcher(options, schedule.Time, NullLogger<CleanupDispatcher>.Instance);
    }

    public CleanupScope Scope(bool yields = false)
    {
        var id = _scopes++;
        var scope = new CleanupScopeFactory(new CleanupScopeOptions(), schedule.Time, NullLogger<CleanupScope>.Instance).Create();
        scope.Defer((this, id), static s => s.Item1._freed.Add(s.id));
        if (yields)
        {
            scope.Defer(schedule, static async (s, _) => await s.Yield());
        }

        return scope;
    }

    /// <summary>Lets a worker die at most <paramref name="times"/> times, at points of its own code that the schedule chooses.</summary>
    public void KillWorkers(int times) => schedule.Faults = point =>
    {
        if (times > 0 && point.StartsWith("worker:", StringComparison.Ordinal) && schedule.Choose(3) == 0)
        {
            times--;
            return new InvalidOperationException($"killed at '{point}'");
        }

        return null;
    };

    /// <summary>Posted = closed + pending, always; and in the end nothing is pending and every scope was freed once.</summary>
    public async Task ShouldEndEmptyAsync()
    {
        var waited = 0;
        while (Dispatcher.Snapshot().Pending > 0)
        {
            Schedule.Check(++waited < 200, $"still pending: {Dispatcher.Snapshot()}");
            await Task.Delay(TimeSpan.FromSeconds(1), schedule.Time);
        }

        ShouldHaveFreedAll();
    }

    public void ShouldHaveFreedAll() =>
        Schedule.Check(_freed.Order().SequenceEqual(Enumerable.Range(0, _scopes)), $"{_scopes} scopes, freed: {string.Join(",", _freed)}");
}
