using Microsoft.Extensions.Logging.Abstractions;
using Resilience.TestKit;

namespace Resilience.Cleanup.Tests.Behaviour;

/// <summary>One sender for one or many workers, with nothing between it and them but one queue (C5).</summary>
public sealed class SenderTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task Posts_go_to_one_queue_and_allocate_nothing_whatever_the_number_of_workers(int workers)
    {
        // Every worker is blocked, so what is posted stays where it was put. The queue has grown to 2,048 places before the measurement begins.
        const int Before = 1_100;
        const int Measured = 900;
        await using var dispatcher = Create(workers);
        using var gate = new ManualResetEventSlim();
        for (var worker = 0; worker < workers; worker++)
        {
            var entered = new TaskCompletionSource();
            dispatcher.Post(DispatcherFixture.Blocking(gate, entered));
            await entered.Task.Within();
        }

        var closed = 0;
        var scopes = Enumerable.Range(0, Before + Measured).Select(_ => DispatcherFixture.Scope(() => Interlocked.Increment(ref closed))).ToArray();
        Post(scopes.AsSpan(0, Before));
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        Post(scopes.AsSpan(Before));
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;

        allocated.ShouldBe(0);
        dispatcher.Snapshot().QueuedNormal.ShouldBe(Before + Measured);
        gate.Set();
        await Watchdog.UntilAsync(() => closed == Before + Measured);

        void Post(ReadOnlySpan<CleanupScope> some)
        {
            foreach (var scope in some)
            {
                dispatcher.Post(scope, CleanupReason.TransportError);
            }
        }
    }

    [Fact]
    public async Task One_worker_closes_in_the_order_of_the_posts()
    {
        const int Scopes = 1_000;
        await using var dispatcher = Create(workers: 1);
        var closed = new List<int>();
        for (var i = 0; i < Scopes; i++)
        {
            var id = i;
            dispatcher.Post(DispatcherFixture.Scope(() => closed.Add(id))).ShouldBe(CleanupDispatch.Queued);
        }

        await Watchdog.UntilAsync(() => dispatcher.Snapshot().Pending == 0);
        closed.ShouldBe(Enumerable.Range(0, Scopes));
    }

    private static CleanupDispatcher Create(int workers) =>
        new(new CleanupDispatcherOptions { Workers = workers, BatchSize = 1 }, new ManualTimeProvider(), NullLogger<CleanupDispatcher>.Instance);
}
