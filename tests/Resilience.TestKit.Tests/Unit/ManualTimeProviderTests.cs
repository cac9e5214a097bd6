namespace Resilience.TestKit.Tests.Unit;

public sealed class ManualTimeProviderTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly ManualTimeProvider _time = new();

    [Fact]
    public void Both_clocks_move_by_what_is_advanced()
    {
        var utc = _time.GetUtcNow();
        var stamp = _time.GetTimestamp();

        _time.Advance(TimeSpan.FromMinutes(3));

        (_time.GetUtcNow() - utc).ShouldBe(TimeSpan.FromMinutes(3));
        _time.GetElapsedTime(stamp).ShouldBe(TimeSpan.FromMinutes(3));
        stamp.ShouldNotBe(0, "code that takes zero for 'never' must fail here as it does on a machine");
    }

    [Fact]
    public void A_shift_of_the_wall_clock_moves_no_timer_and_no_timestamp()
    {
        var fired = 0;
        using var timer = _time.CreateTimer(_ => fired++, null, Second, Timeout.InfiniteTimeSpan);
        var utc = _time.GetUtcNow();
        var stamp = _time.GetTimestamp();

        _time.ShiftWallClock(TimeSpan.FromHours(-1));

        (_time.GetUtcNow() - utc).ShouldBe(TimeSpan.FromHours(-1));
        _time.GetTimestamp().ShouldBe(stamp);
        fired.ShouldBe(0);
        _time.Advance(Second);
        fired.ShouldBe(1);
    }

    [Fact]
    public void Timers_fire_in_the_order_of_their_due_times_and_see_them()
    {
        var log = new List<string>();
        var start = _time.GetUtcNow();
        void Note(object? name) => log.Add($"{name}@{(_time.GetUtcNow() - start).TotalSeconds}");
        using var c = _time.CreateTimer(Note, "c", 3 * Second, Timeout.InfiniteTimeSpan);
        using var a = _time.CreateTimer(Note, "a", Second, Timeout.InfiniteTimeSpan);
        using var b1 = _time.CreateTimer(Note, "b1", 2 * Second, Timeout.InfiniteTimeSpan);
        using var b2 = _time.CreateTimer(Note, "b2", 2 * Second, Timeout.InfiniteTimeSpan);
        using var p = _time.CreateTimer(Note, "p", TimeSpan.FromSeconds(1.5), TimeSpan.FromSeconds(1.5));

        _time.Advance(4 * Second);

        log.ShouldBe(["a@1", "p@1.5", "b1@2", "b2@2", "c@3", "p@3"]);
        _time.ActiveTimers.ShouldBe(1);
        _time.NextDueIn.ShouldBe(TimeSpan.FromSeconds(0.5));
    }

    [Fact]
    public void A_timer_that_a_callback_arms_fires_in_the_same_advance()
    {
        var times = new List<double>();
        var start = _time.GetTimestamp();
        ITimer? second = null;
        using var first = _time.CreateTimer(
            _ => second = _time.CreateTimer(_ => times.Add(_time.GetElapsedTime(start).TotalSeconds), null, Second, Timeout.InfiniteTimeSpan),
            null,
            Second,
            Timeout.InfiniteTimeSpan);

        _time.Advance(5 * Second);

        times.ShouldBe([2.0]);
        second.ShouldNotBeNull();
        second.Dispose();
    }

    [Fact]
    public void Change_moves_a_timer_and_infinite_stops_it()
    {
        var fired = 0;
        using var timer = _time.CreateTimer(_ => fired++, null, Second, Second);

        timer.Change(3 * Second, Timeout.InfiniteTimeSpan).ShouldBeTrue();
        _time.Advance(2 * Second);
        fired.ShouldBe(0);
        _time.Advance(2 * Second);
        fired.ShouldBe(1);
        timer.Change(Second, Second);
        timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan).ShouldBeTrue();
        _time.Advance(10 * Second);
        fired.ShouldBe(1);
        _time.ActiveTimers.ShouldBe(0);
    }

    [Fact]
    public async Task A_disposed_timer_never_fires_even_when_an_earlier_callback_disposes_it()
    {
        var fired = false;
        var victim = _time.CreateTimer(_ => fired = true, null, 2 * Second, Second);
        using var killer = _time.CreateTimer(_ => victim.Dispose(), null, Second, Timeout.InfiniteTimeSpan);

        _time.Advance(10 * Second);

        fired.ShouldBeFalse();
        victim.Change(Second, Second).ShouldBeFalse();
        await victim.DisposeAsync();
        await _time.WhenNoTimersAsync();
    }

    [Fact]
    public void A_callback_that_throws_stops_neither_the_clock_nor_the_others()
    {
        var fired = 0;
        using var bad = _time.CreateTimer(_ => throw new InvalidOperationException("planted"), null, Second, Second);
        using var good = _time.CreateTimer(_ => fired++, null, Second, Second);

        var error = Should.Throw<AggregateException>(() => _time.Advance(2 * Second));

        error.InnerExceptions.Count.ShouldBe(2);
        fired.ShouldBe(2);
        _time.Elapsed.ShouldBe(2 * Second);
    }

    [Fact]
    public void Advances_add_up_from_callbacks_and_from_many_threads()
    {
        using var nested = _time.CreateTimer(_ => _time.Advance(3 * Second), null, Second, Timeout.InfiniteTimeSpan);
        _time.Advance(2 * Second);
        _time.Elapsed.ShouldBe(5 * Second);

        var fired = 0;
        using var timer = _time.CreateTimer(_ => Interlocked.Increment(ref fired), null, Second, Second);
        Parallel.For(0, 100, _ => _time.Advance(Second));

        _time.Elapsed.ShouldBe(105 * Second);
        fired.ShouldBe(100);
    }

    [Fact]
    public async Task A_timer_due_at_once_fires_without_an_advance_and_not_on_the_thread_that_armed_it()
    {
        var fired = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var armed = new ManualResetEventSlim();
        using var timer = _time.CreateTimer(
            _ => fired.SetResult(armed.Wait(Watchdog.DefaultExpected * Watchdog.Factor / 2)),
            null,
            TimeSpan.Zero,
            Timeout.InfiniteTimeSpan);

        // Had the callback run inside CreateTimer, it would have waited for this signal in vain.
        armed.Set();

        (await fired.Task.Within()).ShouldBeTrue();
        _time.ActiveTimers.ShouldBe(0);
    }

    [Fact]
    public void Callbacks_run_in_the_execution_context_of_the_creator()
    {
        var local = new AsyncLocal<string> { Value = "creator" };
        string? seen = null;
        using var timer = _time.CreateTimer(_ => seen = local.Value, null, Second, Timeout.InfiniteTimeSpan);
        local.Value = "advancer";

        _time.Advance(Second);

        seen.ShouldBe("creator");
    }

    [Theory]
    [InlineData(-2)]
    [InlineData(4_294_967_295)]
    public void Times_that_the_system_refuses_are_refused(long milliseconds)
    {
        var time = TimeSpan.FromMilliseconds(milliseconds);

        Should.Throw<ArgumentOutOfRangeException>(() => _time.CreateTimer(_ => { }, null, time, Second));
        Should.Throw<ArgumentOutOfRangeException>(() => _time.CreateTimer(_ => { }, null, Second, time));
        Should.Throw<ArgumentOutOfRangeException>(() => _time.Advance(-Second));
        Should.Throw<InvalidOperationException>(() => _time.AdvanceToNextTimer());
    }
}
