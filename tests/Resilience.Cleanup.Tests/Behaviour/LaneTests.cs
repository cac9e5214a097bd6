using System.Collections.Concurrent;
using Resilience.TestKit;

namespace Resilience.Cleanup.Tests.Behaviour;

public sealed class LaneTests : IAsyncDisposable
{
    private readonly ManualTimeProvider _time = new();
    private readonly LogCollector _logs = new();
    private readonly TestMeterFactory _meters = new();
    private readonly MetricCollector _metrics;
    private readonly PresenceHandler _handler = new();
    private readonly BlockingCollection<CleanupAlert> _alerts = [];
    private CoalescingLane<string, int>? _lane;

    public LaneTests() => _metrics = new MetricCollector(_meters);

    /// <summary>Cleanup D9.</summary>
    [Fact]
    public async Task Leaving_and_joining_again_within_the_delay_cancel_out()
    {
        var lane = Create(o => o.Delay = TimeSpan.FromSeconds(3));

        lane.Post("a", -1).ShouldBe(CoalescingPost.Added);
        lane.Post("b", -1).ShouldBe(CoalescingPost.Added);
        _time.Advance(TimeSpan.FromSeconds(2));
        lane.Post("a", 1).ShouldBe(CoalescingPost.CancelledOut);
        _time.Advance(TimeSpan.FromSeconds(1));

        await _handler.WhenHandledAsync(1);
        _handler.Handled.ShouldBe([("b", -1)]);
        await Watchdog.UntilAsync(() => lane.Pending == 0);
        _metrics.Value("resilience.cleanup.lane.coalesced", ("lane", "presence")).ShouldBe(1);
    }

    [Fact]
    public async Task An_item_may_have_a_delay_of_its_own()
    {
        var lane = Create(o => o.Delay = TimeSpan.FromSeconds(3));

        lane.Post("slow", -1);
        lane.Post("fast", 1, TimeSpan.Zero);

        await _handler.WhenHandledAsync(1);
        _handler.Handled.ShouldBe([("fast", 1)]);
        Should.Throw<ArgumentOutOfRangeException>(() => lane.Post("x", 1, TimeSpan.FromSeconds(-1)));
    }

    /// <summary>Cleanup D9: many leave one channel in one batch.</summary>
    [Fact]
    public async Task A_key_is_handled_once_however_many_items_it_got()
    {
        var lane = Create(o => o.Delay = TimeSpan.FromSeconds(3), merge: static (a, b) => (true, a + b));

        lane.Post("room", 1);
        for (var i = 0; i < 9; i++)
        {
            lane.Post("room", 1).ShouldBe(CoalescingPost.Merged);
        }

        _time.Advance(TimeSpan.FromSeconds(3));
        await _handler.WhenHandledAsync(1);
        _handler.Handled.ShouldBe([("room", 10)]);
    }

    [Fact]
    public async Task Items_are_handled_in_batches()
    {
        var lane = Create(o => (o.BatchSize, o.Delay) = (10, TimeSpan.FromSeconds(1)));
        for (var i = 0; i < 25; i++)
        {
            lane.Post($"k{i}", i);
        }

        _time.Advance(TimeSpan.FromSeconds(1));
        await _handler.WhenHandledAsync(25);

        _handler.Batches.Order().ShouldBe([5, 10, 10]);
    }

    [Fact]
    public async Task A_failed_batch_is_tried_again_item_by_item_after_the_stated_delays_and_then_given_up()
    {
        var lane = Create(o => (o.BatchSize, o.Delay, o.Concurrency) = (10, TimeSpan.FromSeconds(1), 1));
        _handler.Fails = static key => key == "bad";
        lane.Post("good", 1);
        lane.Post("bad", 2);

        _time.Advance(TimeSpan.FromSeconds(1));
        foreach (var delay in new[] { 2, 4, 8, 16, 32 })
        {
            await _time.WhenDueInAsync(TimeSpan.FromSeconds(delay));
            _time.Advance(TimeSpan.FromSeconds(delay));
        }

        await _logs.WhenAsync(5061);
        _handler.Handled.ShouldBe([("good", 1)]);
        _handler.Attempts("bad").ShouldBe(6);
        _handler.Attempts("good").ShouldBe(2);
        lane.Pending.ShouldBe(0);
        _alerts.Take().Name.ShouldBe("lane_failed");
        ((ILaneState)lane).Trouble.ShouldNotBeNull();

        lane.Post("better", 1);
        _time.Advance(TimeSpan.FromSeconds(1));
        await _logs.WhenAsync(5065);
        ((ILaneState)lane).Trouble.ShouldBeNull();
    }

    [Fact]
    public async Task What_arrives_while_a_key_is_being_handled_waits_and_is_joined_with_a_failure()
    {
        var lane = Create(merge: static (a, b) => (true, a + b));
        var gate = _handler.HoldNext();
        _handler.Fails = _ => _handler.Attempts("k") == 1;
        lane.Post("k", 1);
        await gate.Entered.Within();

        lane.Post("k", 10).ShouldBe(CoalescingPost.Added);
        lane.Post("k", 100).ShouldBe(CoalescingPost.Merged);
        gate.Open();

        await _time.WhenDueInAsync(TimeSpan.FromSeconds(2));
        _time.Advance(TimeSpan.FromSeconds(2));
        await _handler.WhenHandledAsync(1);
        _handler.Handled.ShouldBe([("k", 111)]);
    }

    [Fact]
    public async Task A_full_lane_refuses_new_keys_takes_known_ones_and_tells()
    {
        var lane = Create(o => (o.Capacity, o.Delay) = (2, TimeSpan.FromSeconds(1)), merge: static (_, b) => (true, b));
        lane.Post("a", 1);
        lane.Post("b", 1);

        lane.Post("c", 1).ShouldBe(CoalescingPost.Full);
        lane.Post("a", 2).ShouldBe(CoalescingPost.Merged);

        _logs.Of(5062).Count.ShouldBe(1);
        _metrics.Value("resilience.cleanup.lane.refused", ("lane", "presence")).ShouldBe(1);
        _time.Advance(TimeSpan.FromSeconds(1));
        await _handler.WhenHandledAsync(2);
        await _logs.WhenAsync(5063);
    }

    [Fact]
    public async Task A_batch_that_takes_too_long_gets_a_cancelled_token_and_is_tried_again()
    {
        var lane = Create(o => o.Retries = 1);
        _handler.WaitsForToken = true;
        lane.Post("k", 1);
        await _time.WhenDueInAsync(TimeSpan.FromSeconds(5));
        _time.Advance(TimeSpan.FromSeconds(5));
        await _time.WhenDueInAsync(TimeSpan.FromSeconds(2));
        _handler.WaitsForToken = false;
        _time.Advance(TimeSpan.FromSeconds(2));

        await _handler.WhenHandledAsync(1);
    }

    [Fact]
    public async Task The_end_handles_what_is_pending_without_delay_and_refuses_the_rest()
    {
        var lane = Create(o => o.Delay = TimeSpan.FromHours(1));
        lane.Post("a", 1);
        lane.Post("b", 2);

        await lane.DisposeAsync().AsTask().Within();

        _handler.Handled.OrderBy(h => h.Key).ShouldBe([("a", 1), ("b", 2)]);
        lane.Post("c", 3).ShouldBe(CoalescingPost.Stopped);
    }

    [Fact]
    public async Task An_end_that_runs_out_of_time_tells_how_much_is_left()
    {
        var lane = Create();
        var gate = _handler.HoldNext();
        lane.Post("a", 1);
        await gate.Entered.Within();

        var end = lane.DisposeAsync().AsTask();
        await _time.DriveAsync(end, TimeSpan.FromSeconds(30));

        _logs.Of(5064).Single()["Items"].ShouldBe(1);
        gate.Open();
    }

    [Fact]
    public async Task The_end_does_not_wait_for_the_delay_of_what_came_while_its_key_was_being_handled()
    {
        var lane = Create(merge: static (_, b) => (true, b));
        var gate = _handler.HoldNext();
        lane.Post("a", 1);
        await gate.Entered.Within();
        lane.Post("a", 2, TimeSpan.FromMinutes(1));

        var end = lane.DisposeAsync().AsTask();
        gate.Open();
        await end.Within();

        _handler.Handled.ShouldBe([("a", 1), ("a", 2)]);
    }

    [Fact]
    public async Task A_listener_that_throws_ends_no_runner_and_reaches_no_caller()
    {
        using var listener = new System.Diagnostics.Metrics.MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Name.StartsWith("resilience.cleanup.lane", StringComparison.Ordinal) && instrument.Meter.Scope == _meters)
                {
                    self.EnableMeasurementEvents(instrument);
                }
            },
        };
        var calls = 0;
        listener.SetMeasurementEventCallback<long>((_, _, _, _) =>
        {
            Interlocked.Increment(ref calls);
            throw new InvalidOperationException("a broken exporter");
        });
        listener.Start();
        var lane = Create(o => (o.BatchSize, o.Capacity) = (1, 2), merge: static (_, b) => (true, b));

        for (var i = 0; i < 10; i++)
        {
            var gate = _handler.HoldNext();
            lane.Post("a", i);
            await gate.Entered.Within();
            lane.Post("b", i).ShouldBe(CoalescingPost.Added);
            lane.Post("b", i).ShouldBeOneOf(CoalescingPost.Merged, CoalescingPost.Added);
            lane.Post("c", i);
            gate.Open();
            await Watchdog.UntilAsync(() => lane.Pending == 0);
        }

        Volatile.Read(ref calls).ShouldBeGreaterThan(10);
    }

    [Fact]
    public async Task A_lane_of_one_key_has_room_again_when_it_is_empty()
    {
        var lane = Create(o => (o.Capacity, o.Delay) = (1, TimeSpan.FromSeconds(1)));
        lane.Post("a", 1);
        lane.Post("b", 1).ShouldBe(CoalescingPost.Full);

        lane.Post("a", -1).ShouldBe(CoalescingPost.CancelledOut);

        await _logs.WhenAsync(5063);
        ((ILaneState)lane).Trouble.ShouldBeNull();
    }

    [Fact]
    public void A_merge_that_throws_leaves_the_later_item()
    {
        var lane = Create(o => o.Delay = TimeSpan.FromHours(1), merge: static (_, _) => throw new InvalidOperationException());
        lane.Post("a", 1);

        lane.Post("a", 2).ShouldBe(CoalescingPost.Merged);

        _logs.Of(5066).Count.ShouldBe(1);
    }

    [Fact]
    public void Cancelling_out_again_and_again_does_not_grow_the_schedule()
    {
        var lane = Create(o => o.Delay = TimeSpan.FromHours(1));
        for (var i = 0; i < 10_000; i++)
        {
            lane.Post("a", -1).ShouldBe(CoalescingPost.Added);
            lane.Post("a", 1).ShouldBe(CoalescingPost.CancelledOut);
        }

        lane.Pending.ShouldBe(0);
        lane.Scheduled.ShouldBeLessThan(100);
    }

    public async ValueTask DisposeAsync()
    {
        if (_lane is not null)
        {
            await _time.DriveAsync(_lane.DisposeAsync().AsTask(), TimeSpan.FromHours(2));
        }

        _metrics.Dispose();
        _meters.Dispose();
        _logs.Dispose();
        _alerts.Dispose();
    }

    private CoalescingLane<string, int> Create(Action<CoalescingLaneOptions>? configure = null, Func<int, int, (bool, int)>? merge = null)
    {
        var options = new CoalescingLaneOptions();
        configure?.Invoke(options);
        _handler.Merge = merge ?? (static (a, b) => (a + b != 0, a + b));
        return _lane = new CoalescingLane<string, int>(
            "presence", _handler, options, _time, new CleanupMetrics(_meters), _logs.CreateLogger<LaneTests>(), _alerts.Add);
    }
}
