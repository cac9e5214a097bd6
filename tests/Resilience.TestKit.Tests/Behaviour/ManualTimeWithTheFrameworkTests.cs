namespace Resilience.TestKit.Tests.Behaviour;

public sealed class ManualTimeWithTheFrameworkTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly ManualTimeProvider _time = new();

    [Fact]
    public async Task A_delay_ends_when_its_time_has_come_and_not_before()
    {
        var delay = Task.Delay(5 * Second, _time);

        _time.Advance(TimeSpan.FromSeconds(4.9));
        delay.IsCompleted.ShouldBeFalse();
        _time.Advance(TimeSpan.FromSeconds(0.1));

        await delay.Within();
    }

    [Fact]
    public async Task A_cancelled_delay_leaves_no_timer()
    {
        using var cancel = new CancellationTokenSource();
        var delay = Task.Delay(5 * Second, _time, cancel.Token);
        _time.ActiveTimers.ShouldBe(1);

        await cancel.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(delay);
        await _time.WhenNoTimersAsync();
    }

    [Fact]
    public async Task A_token_source_cancels_after_its_delay()
    {
        using var source = new CancellationTokenSource(2 * Second, _time);

        _time.Advance(Second);
        source.IsCancellationRequested.ShouldBeFalse();
        _time.Advance(Second);

        source.IsCancellationRequested.ShouldBeTrue();
        await Should.ThrowAsync<TimeoutException>(new TaskCompletionSource().Task.WaitAsync(TimeSpan.FromTicks(1), AdvancedSoon()));
    }

    [Fact]
    public async Task A_periodic_timer_ticks_once_per_period()
    {
        using var timer = new PeriodicTimer(Second, _time);
        for (var i = 0; i < 3; i++)
        {
            var tick = timer.WaitForNextTickAsync().AsTask();
            tick.IsCompleted.ShouldBeFalse();
            _time.Advance(Second);
            (await tick.Within()).ShouldBeTrue();
        }
    }

    [Fact]
    public async Task A_test_can_wait_for_a_loop_to_arm_its_next_timer()
    {
        var rounds = 0;
        using var stop = new CancellationTokenSource();
        var loop = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                await Task.Delay(Second, _time, stop.Token);
                Interlocked.Increment(ref rounds);
                await Task.Yield();
            }
        });

        for (var i = 1; i <= 50; i++)
        {
            await _time.WhenArmedAsync(i);
            await _time.WhenDueInAsync(Second);
            _time.AdvanceToNextTimer().ShouldBe(Second);
        }

        await _time.WhenArmedAsync(51);
        rounds.ShouldBe(50);
        await stop.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(loop);
    }

    [Fact]
    public async Task A_drive_moves_the_clock_until_the_task_ends()
    {
        static async Task<int> BackOffAsync(TimeProvider time)
        {
            for (var i = 0; i < 6; i++)
            {
                await Task.Delay(TimeSpan.FromSeconds(1 << i), time);
                await Task.Yield();
            }

            return 6;
        }

        var task = BackOffAsync(_time);

        await _time.DriveAsync(task, TimeSpan.FromSeconds(63));

        (await task).ShouldBe(6);
        _time.Elapsed.ShouldBe(TimeSpan.FromSeconds(63));
    }

    [Fact]
    public async Task A_drive_refuses_to_go_beyond_its_limit()
    {
        var time = new ManualTimeProvider { LastChance = Second };
        using var heartbeat = time.CreateTimer(_ => { }, null, Second, Second);

        var error = await Should.ThrowAsync<InvalidOperationException>(time.DriveAsync(new TaskCompletionSource().Task, 10 * Second));

        error.Message.ShouldContain("00:00:10");
        time.Elapsed.ShouldBe(10 * Second);
    }

    [Fact]
    public async Task A_drive_passes_the_tasks_error_on()
    {
        async Task FailAsync()
        {
            await Task.Delay(Second, _time);
            throw new InvalidDataException("planted");
        }

        await Should.ThrowAsync<InvalidDataException>(_time.DriveAsync(FailAsync(), 2 * Second));
    }

    private static ManualTimeProvider AdvancedSoon()
    {
        var time = new ManualTimeProvider();
        _ = Task.Run(async () =>
        {
            await time.WhenTimersAsync();
            time.Advance(Second);
        });
        return time;
    }
}
