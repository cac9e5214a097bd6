using Microsoft.Extensions.Logging.Abstractions;
using Resilience.TestKit;

namespace Resilience.Cleanup.Tests.Stress;

/// <summary>Cleanup D1 and D7 on real threads: what the schedule explorer shows for named places, for those that the operating system chooses.</summary>
[Collection(nameof(Alone))]
public sealed class WorkerDeathTests
{
    [Theory]
    [InlineData(4_096, 64)]
    [InlineData(65_536, 8)]
    public async Task Workers_that_really_die_lose_no_scope(int capacity, int batch)
    {
        const int Posters = 2;
        const int Each = 10_000;
        const int Keys = 20;
        await using var dispatcher = new CleanupDispatcher(
            new CleanupDispatcherOptions { Workers = 2, QueueCapacity = capacity, BatchSize = batch }, TimeProvider.System, NullLogger<CleanupDispatcher>.Instance);
        var index = new FragileIndex(Keys);
        var closes = new int[Posters * Each];
        var calls = 0;
        var deaths = 0;
        var impossible = 0L;
        using var stop = new CancellationTokenSource();
        var watcher = Task.Factory.StartNew(Watch, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        var posters = Enumerable.Range(0, Posters)
            .Select(poster => Task.Factory.StartNew(() => Post(poster * Each), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default))
            .ToArray();

        await Task.WhenAll(posters).Within(TimeSpan.FromSeconds(30));
        await Watchdog.UntilAsync(() => dispatcher.Snapshot().Pending == 0, detail: () => dispatcher.Snapshot().ToString());
        await stop.CancelAsync();
        await watcher.Within();

        closes.ShouldAllBe(static c => c == 1);
        index.Removed.ShouldBe(Posters * Each);
        var snapshot = dispatcher.Snapshot();
        (snapshot.Posted, snapshot.Closed, snapshot.QueuedNormal, snapshot.QueuedLow).ShouldBe((Posters * Each, Posters * Each, 0, 0));
        Volatile.Read(ref impossible).ShouldBe(0, "posted = closed + pending did not hold at some moment");
        deaths.ShouldBeGreaterThan(0);
        await Watchdog.UntilAsync(() => dispatcher.Snapshot().WorkerRestarts == deaths);

        void Post(int first)
        {
            for (var i = first; i < first + Each; i++)
            {
                var scope = new CleanupScope();
                scope.Defer((closes, i), static s => Interlocked.Increment(ref s.closes[s.i]));
                scope.RemoveFrom(index, new FragileKey(i % Keys, Dies), i);
                dispatcher.Post(scope, CleanupReason.TransportError);
            }
        }

        // Each death costs the two workers a pause that doubles, so there are not many.
        bool Dies() => Interlocked.Increment(ref calls) % 300 == 0 && Interlocked.Increment(ref deaths) is var death && (death <= 8 || Interlocked.Decrement(ref deaths) < 0);

        void Watch()
        {
            while (!stop.IsCancellationRequested)
            {
                var seen = dispatcher.Snapshot();
                if (seen.Pending < 0 || seen.Closed > seen.Posted || seen.QueuedNormal + seen.QueuedLow > capacity)
                {
                    Interlocked.Increment(ref impossible);
                }
            }
        }
    }
}
