using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Resilience.TestKit;

namespace Resilience.Queues.Conformance;

public abstract partial class DelayedQueueConformance
{
    [Fact]
    public async Task A_worker_handles_and_acknowledges()
    {
        await StartAsync();
        var script = new HandlerScript();
        var worker = NewWorker(script);
        await worker.StartAsync();

        await worker.Queue.EnqueueBatchAsync(Enumerable.Range(0, 50).Select(static i => new EnqueueRequest<string>($"m{i}")).ToArray());
        await script.WhenHandledAsync(50);
        await Watchdog.UntilAsync(async () => (await worker.Queue.GetStatsAsync()).Size == 0);
        await worker.StopAsync();

        script.Handled.Select(static one => one.Item).Order().ShouldBe(Enumerable.Range(0, 50).Select(static i => $"m{i}").Order());
        worker.Metrics.Value("resilience.queues.settled", ("result", "acknowledged")).ShouldBe(50);
    }

    [Fact]
    public async Task Listeners_that_throw_cost_a_worker_neither_a_place_nor_a_message()
    {
        await StartAsync();
        var script = new HandlerScript
        {
            OnHandle = static (item, _, _) => item.StartsWith("bad", StringComparison.Ordinal) ? throw new PermanentFailureException("gone") : Task.CompletedTask,
        };
        var worker = NewWorker(script);
        using var listener = new System.Diagnostics.Metrics.MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Name is "resilience.queues.processing" or "resilience.queues.settled" or "resilience.queues.claimed" && instrument.Meter.Scope == worker.Meters)
                {
                    self.EnableMeasurementEvents(instrument);
                }
            },
        };
        var calls = 0;
        listener.SetMeasurementEventCallback<long>((_, _, _, _) => Throw());
        listener.SetMeasurementEventCallback<double>((_, _, _, _) => Throw());
        listener.Start();
        await worker.StartAsync();

        for (var round = 0; round < 5; round++)
        {
            await worker.Queue.EnqueueBatchAsync(Enumerable.Range(0, 10).Select(i => new EnqueueRequest<string>($"{(i % 2 == 0 ? "bad" : "good")} {round} {i}")).ToArray());
            await Watchdog.UntilAsync(async () => (await worker.Queue.GetStatsAsync()).Size == 0);
        }

        await worker.StopAsync();
        Volatile.Read(ref calls).ShouldBeGreaterThan(0);
        script.Handled.Count.ShouldBe(50);
        (await worker.Queue.GetStatsAsync()).Dead.ShouldBe(25);

        void Throw()
        {
            Interlocked.Increment(ref calls);
            throw new InvalidOperationException("a broken exporter");
        }
    }

    [Fact]
    public async Task A_worker_retries_what_throws_and_gives_up_at_the_sixth_failure()
    {
        await StartAsync();
        var script = new HandlerScript { OnHandle = static (_, _, _) => throw new InvalidOperationException("no luck") };
        var worker = NewWorker(script);
        await worker.StartAsync();
        await worker.Queue.EnqueueAsync("x");

        for (var attempt = 1; attempt <= 6; attempt++)
        {
            await script.WhenHandledAsync(attempt);
            await Watchdog.UntilAsync(async () => await worker.Queue.GetStatsAsync() is { Leased: 0, Ready: 0 });
            if (attempt < 6)
            {
                var delay = Seconds(1 << attempt);
                await Subject.AdvanceAsync(delay - TimeSpan.FromMilliseconds(1));
                script.Handled.Count.ShouldBe(attempt);
                await Subject.AdvanceAsync(TimeSpan.FromMilliseconds(1));
                await WakeAsync(worker);
            }
        }

        await worker.StopAsync();
        var dead = (await worker.Queue.DeadLetters.ListAsync()).ShouldHaveSingleItem();
        (dead.Reason, dead.Failures).ShouldBe((DeadLetterReason.Failures, 6));
        dead.History.ShouldAllBe(static one => one.Error == "InvalidOperationException: no luck");
        worker.Logs.Of(2011).ShouldHaveSingleItem();
        script.Handled.Select(static one => one.Attempt).ShouldBe([1, 2, 3, 4, 5, 6]);
    }

    [Fact]
    public async Task A_worker_does_not_retry_what_can_never_succeed()
    {
        await StartAsync();
        var script = new HandlerScript
        {
            OnHandle = static (item, context, _) => item switch
            {
                "exception" => throw new PermanentFailureException("gone"),
                "classified" => throw new KeyNotFoundException("gone"),
                _ => Reject(context),
            },
        };
        var worker = NewWorker(script, static o => o.Classify = static error => error is KeyNotFoundException ? FailureKind.Permanent : FailureKind.Retryable);
        await worker.StartAsync();
        await worker.Queue.EnqueueBatchAsync(new EnqueueRequest<string>[] { new("exception"), new("classified"), new("rejected") });

        await Watchdog.UntilAsync(async () => (await worker.Queue.GetStatsAsync()).Dead == 3);
        await worker.StopAsync();

        (await worker.Queue.DeadLetters.ListAsync()).ShouldAllBe(static dead => dead.Reason == DeadLetterReason.Permanent && dead.Failures == 1);
        script.Handled.Count.ShouldBe(3);

        static Task Reject(DeliveryContext context)
        {
            context.Reject("not wanted");
            return Task.CompletedTask;
        }
    }

    [Fact]
    public async Task A_worker_never_runs_more_handlers_than_it_may()
    {
        await StartAsync();
        var release = new TaskCompletionSource();
        var running = 0;
        var most = 0;
        var script = new HandlerScript
        {
            OnHandle = async (_, _, _) =>
            {
                Max(ref most, Interlocked.Increment(ref running));
                await release.Task;
                Interlocked.Decrement(ref running);
            },
        };
        var worker = NewWorker(script, static o => o.Concurrency = 3);
        await worker.StartAsync();
        await worker.Queue.EnqueueBatchAsync(Enumerable.Range(0, 20).Select(static i => new EnqueueRequest<string>($"m{i}")).ToArray());
        await Watchdog.UntilAsync(() => Volatile.Read(ref running) == 3);
        (await worker.Queue.GetStatsAsync()).Leased.ShouldBe(3);
        release.SetResult();
        await script.WhenHandledAsync(20);
        await worker.StopAsync();
        most.ShouldBe(3);
    }

    [Fact]
    public async Task A_worker_renews_leases_while_handlers_run()
    {
        await StartAsync(static o => o.VisibilityTimeout = Seconds(30));
        var release = new TaskCompletionSource();
        var script = new HandlerScript { OnHandle = (_, _, leaseLost) => release.Task.WaitAsync(leaseLost) };
        var begun = 0;
        var renewals = 0;
        var worker = NewWorker(script, decorate: store => new WatchedExtend(store, () => Interlocked.Increment(ref begun), () => Interlocked.Increment(ref renewals)));
        await worker.StartAsync();
        await worker.Queue.EnqueueAsync("slow");
        await script.WhenHandledAsync(1);
        var rival = NewProcess().Queue;

        for (var i = 0; i < 12; i++)
        {
            // The keeper may have begun its wait after the clock was moved: then time goes on until it renews, and hardly faster than real time, by which the keeper may
            // be late. While it renews the clock stands still.
            var before = Volatile.Read(ref renewals);
            await Subject.AdvanceAsync(Seconds(9.9));
            await Watchdog.UntilAsync(
                async () =>
                {
                    await Subject.AdvanceAsync(Volatile.Read(ref begun) > before ? TimeSpan.Zero : TimeSpan.FromMilliseconds(10));
                    return Volatile.Read(ref renewals) > before;
                },
                Seconds(12));
            (await Subject.Store.GetStatsAsync()).ShouldSatisfyAllConditions(static stats => stats.Ready.ShouldBe(0), static stats => stats.Leased.ShouldBe(1));
        }

        (await rival.ClaimAsync(1, TimeSpan.Zero)).ShouldBeEmpty();
        release.SetResult();
        await Watchdog.UntilAsync(async () => (await worker.Queue.GetStatsAsync()).Size == 0);
        await worker.StopAsync();
        script.Handled.Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_handler_is_told_when_its_lease_is_lost()
    {
        await StartAsync();
        var told = new TaskCompletionSource();
        var script = new HandlerScript
        {
            OnHandle = async (_, context, leaseLost) =>
            {
                if (!context.IsSuspect)
                {
                    await using var registration = leaseLost.Register(told.SetResult);
                    await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, leaseLost);
                }
            },
        };

        // This process cannot extend: the store does not answer.
        var worker = NewWorker(script, decorate: static store => new UnreachableForExtend(store));
        await worker.StartAsync();
        await worker.Queue.EnqueueAsync("x");
        await script.WhenHandledAsync(1);

        await Watchdog.UntilAsync(async () =>
        {
            await Subject.AdvanceAsync(Seconds(1));
            return told.Task.IsCompleted;
        });
        await worker.StopAsync();
        worker.Logs.Of(2012).ShouldNotBeEmpty();
    }

    [Fact]
    public async Task A_stopping_worker_lets_handlers_finish_and_gives_back_the_rest_at_once()
    {
        // With a lease that lasts however far the clock has gone before the worker begins to wait for its handlers.
        await StartAsync(static o => o.VisibilityTimeout = TimeSpan.FromHours(1));
        var quick = new TaskCompletionSource();
        var told = new TaskCompletionSource();
        var script = new HandlerScript
        {
            OnHandle = (item, _, leaseLost) =>
            {
                leaseLost.Register(() => told.TrySetResult());
                return item == "quick" ? quick.Task : Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, leaseLost);
            },
        };
        var worker = NewWorker(script, static o => (o.Concurrency, o.ShutdownDrain) = (2, Seconds(20)));
        await worker.StartAsync();
        await worker.Queue.EnqueueBatchAsync(new EnqueueRequest<string>[] { new("quick"), new("endless"), new("never started") });
        await script.WhenHandledAsync(2);

        var stop = worker.StopAsync();
        quick.SetResult();
        await Watchdog.UntilAsync(async () => (await Subject.Store.GetStatsAsync()).Size == 2);

        // No further than to the end of the drain: giving back takes real time, and must not run out of its own.
        await Watchdog.UntilAsync(async () =>
        {
            await Subject.AdvanceAsync(told.Task.IsCompleted ? TimeSpan.Zero : TimeSpan.FromMilliseconds(100));
            return told.Task.IsCompleted;
        });
        await stop.Within();
        worker.Logs.Of(2013).ShouldHaveSingleItem();

        var after = NewProcess().Queue;
        var left = await after.ClaimAsync(10, TimeSpan.Zero);
        left.Select(static one => (one.Item, one.Deliveries, one.Failures, one.IsSuspect)).ShouldBe([("endless", 1, 0, false), ("never started", 1, 0, false)]);
    }

    [Fact]
    public async Task The_trace_of_the_sender_reaches_the_handler()
    {
        await StartAsync();
        using var listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name is QueuesTelemetryNames.ActivitySourceName or "test.sender",
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
        };
        ActivitySource.AddActivityListener(listener);
        using var source = new ActivitySource("test.sender");
        var script = new HandlerScript();
        string trace;
        var worker = NewWorker(script);
        using (var activity = source.StartActivity("send"))
        {
            trace = activity!.TraceId.ToString();
            await worker.Queue.EnqueueAsync("x");
        }

        await worker.StartAsync();
        await script.WhenHandledAsync(1);
        await worker.StopAsync();
        script.Handled.ShouldHaveSingleItem().Trace.ShouldBe(trace);
    }

    private QueueUnderTest NewWorker(
        HandlerScript script, Action<QueueWorkerOptions>? configure = null, Func<IDelayedQueueStore<string>, IDelayedQueueStore<string>>? decorate = null) =>
        NewProcess(builder => builder.AddWorker<ScriptedHandler>(configure), services => services.AddSingleton(script), decorate);

    /// <summary>The store's clock may run ahead of the timers of a process; nobody waits for the poll bound in a test.</summary>
    private static Task WakeAsync(QueueUnderTest worker)
    {
        ((IQueueSignals)worker.Services.GetRequiredKeyedService<IDelayedQueue<string>>("test")).WorkAvailable();
        return Task.CompletedTask;
    }

    private static void Max(ref int target, int value)
    {
        int seen;
        while ((seen = Volatile.Read(ref target)) < value && Interlocked.CompareExchange(ref target, value, seen) != seen)
        {
        }
    }

    private sealed class WatchedExtend(IDelayedQueueStore<string> inner, Action extends, Action extended) : StoreDecorator(inner)
    {
        public override async ValueTask ExtendAsync(ReadOnlyMemory<LeaseExtension> extensions, Memory<bool> results, CancellationToken cancellationToken = default)
        {
            extends();
            await base.ExtendAsync(extensions, results, cancellationToken);
            extended();
        }
    }

    private sealed class UnreachableForExtend(IDelayedQueueStore<string> inner) : StoreDecorator(inner)
    {
        public override ValueTask ExtendAsync(ReadOnlyMemory<LeaseExtension> extensions, Memory<bool> results, CancellationToken cancellationToken = default) =>
            throw new IOException("The store does not answer.");
    }
}

/// <summary>What a handler does in a test, and what it was given.</summary>
public sealed class HandlerScript
{
    private readonly ConcurrentQueue<(string Item, int Attempt, string? Trace)> _handled = new();

    public Func<string, DeliveryContext, CancellationToken, Task> OnHandle { get; init; } = static (_, _, _) => Task.CompletedTask;

    public IReadOnlyList<(string Item, int Attempt, string? Trace)> Handled => [.. _handled];

    public Task WhenHandledAsync(int count) => Watchdog.UntilAsync(() => _handled.Count >= count, what: $"{count} deliveries");

    public Task HandleAsync(string item, DeliveryContext context, CancellationToken leaseLost)
    {
        _handled.Enqueue((item, context.Attempt, Activity.Current?.TraceId.ToString()));
        return OnHandle(item, context, leaseLost);
    }
}

public sealed class ScriptedHandler(HandlerScript script) : IQueueHandler<string>
{
    public Task HandleAsync(string item, DeliveryContext context, CancellationToken leaseLost) => script.HandleAsync(item, context, leaseLost);
}
