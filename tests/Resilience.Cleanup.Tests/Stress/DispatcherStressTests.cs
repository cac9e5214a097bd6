using System.Runtime.ExceptionServices;
using Resilience.TestKit;

namespace Resilience.Cleanup.Tests.Stress;

/// <summary>Real threads, and sums that must be right at the end.</summary>
[Collection(nameof(Alone))]
public sealed class DispatcherStressTests
{
    /// <summary>Cleanup D1 and D2.</summary>
    [Theory]
    [InlineData(1, 1)]
    [InlineData(64, 2)]
    [InlineData(65_536, 4)]
    public async Task Every_scope_of_a_storm_is_closed_once_whatever_the_room(int capacity, int workers)
    {
        const int Posters = 4;
        const int Each = 10_000;
        await using var dispatcher = new CleanupDispatcher(
            new CleanupDispatcherOptions { QueueCapacity = capacity, BatchSize = Math.Min(64, capacity), Workers = workers },
            TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger<CleanupDispatcher>.Instance);
        var index = new ChannelIndex();
        var closes = new int[Posters * Each];
        var posters = Enumerable.Range(0, Posters).Select(poster => Task.Factory.StartNew(
            () =>
            {
                for (var i = poster * Each; i < (poster + 1) * Each; i++)
                {
                    var scope = new CleanupScope();
                    scope.Defer((closes, i), static s => Interlocked.Increment(ref s.closes[s.i]));
                    for (var channel = 0; channel < 3; channel++)
                    {
                        index.Join((i + channel) % 50, i);
                        scope.RemoveFrom(index, (i + channel) % 50, i);
                    }

                    dispatcher.Post(scope, CleanupReason.TransportError, CleanupSource.FromKey(i % 10 == 0 ? $"{i}" : "one"));
                    if (i % 16 == 0)
                    {
                        _ = scope.CleanupAsync().AsTask();
                    }
                }
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default));

        await Task.WhenAll(posters).Within(TimeSpan.FromSeconds(10));
        await Watchdog.UntilAsync(() => dispatcher.Snapshot().Pending == 0, detail: () => dispatcher.Snapshot().ToString());

        closes.ShouldAllBe(static c => c == 1);
        (index.Members, index.Removed).ShouldBe((0, 3 * Posters * Each));
        var snapshot = dispatcher.Snapshot();
        (snapshot.Posted, snapshot.Closed).ShouldBe((Posters * Each, Posters * Each));
    }

    /// <summary>Cleanup D11.</summary>
    [Fact]
    public async Task No_exception_is_raised_on_a_normal_disconnect_of_ten_thousand_connections()
    {
        await using var fixture = new DispatcherFixture();
        var index = new ChannelIndex();
        var connections = Enumerable.Range(0, 10_000).Select(i => (Id: i, Aborted: new CancellationTokenSource())).ToArray();
        var raised = new System.Collections.Concurrent.ConcurrentQueue<string>();

        // The runner's own threads raise some too: what counts has the package on its stack.
        void Count(object? sender, FirstChanceExceptionEventArgs e)
        {
            if (new System.Diagnostics.StackTrace(1).GetFrames().Any(static frame => frame.GetMethod()?.Module.Assembly == typeof(CleanupDispatcher).Assembly))
            {
                raised.Enqueue(e.Exception.ToString());
            }
        }

        AppDomain.CurrentDomain.FirstChanceException += Count;
        try
        {
            var completions = connections.Select(c => Connect(c.Id, c.Aborted.Token)).ToArray();
            foreach (var connection in connections)
            {
                connection.Aborted.Cancel();
            }

            await Task.WhenAll(completions).Within(TimeSpan.FromSeconds(10));
            await fixture.WhenAllClosedAsync();
        }
        finally
        {
            AppDomain.CurrentDomain.FirstChanceException -= Count;
        }

        raised.ShouldBeEmpty();
        index.Members.ShouldBe(0);

        Task Connect(int id, CancellationToken aborted)
        {
            var scope = new CleanupScope();
            scope.CloseWhen(aborted, CleanupReason.ClientClosed);
            scope.Use(new AsyncProbe([], "subscription", yields: true));
            scope.Use(TimeProvider.System.CreateTimer(static _ => { }, null, TimeSpan.FromHours(1), Timeout.InfiniteTimeSpan));
            index.Join(id % 20, id);
            scope.RemoveFrom(index, id % 20, id);
            if (id % 2 == 0)
            {
                fixture.Dispatcher.Post(scope, CleanupReason.ClientClosed);
            }

            return scope.Completion;
        }
    }

    /// <summary>Cleanup D6: the clock stands still, so nothing here waited for the endpoint.</summary>
    [Fact]
    public async Task A_follow_up_that_never_answers_does_not_delay_any_cleanup()
    {
        await using var fixture = new DispatcherFixture();
        var handler = new PresenceHandler();
        var hold = handler.HoldNext();
        var lane = new CoalescingLane<string, int>(
            "webhooks", handler, new CoalescingLaneOptions { Concurrency = 1, Capacity = 100 }, fixture.Time,
            fixture.Logs.CreateLogger<CoalescingLane<string, int>>());
        lane.Post("first", 1);
        await hold.Entered.Within();
        for (var i = 0; i < 5_000; i++)
        {
            var scope = new CleanupScope();
            scope.Defer((lane, i), static s => s.lane.Post($"channel {s.i % 200}", 1));
            fixture.Dispatcher.Post(scope);
        }

        await fixture.WhenAllClosedAsync();

        lane.Pending.ShouldBe(100);
        fixture.Dispatcher.Snapshot().Closed.ShouldBe(5_000);
        fixture.Time.Elapsed.ShouldBe(TimeSpan.Zero);
        hold.Open();
        await handler.WhenHandledAsync(100);
        await lane.DisposeAsync().AsTask().Within();
    }
}
