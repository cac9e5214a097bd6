namespace Resilience.TestKit.Systematic.Internal;

/// <summary>A timer of <see cref="ScheduleTime"/>. Its callback runs as a logical task of its own, so it interleaves with everything.</summary>
internal sealed class ScheduleTimer(ScheduleTime time, TimerCallback callback, object? state) : ITimer
{
    private readonly ExecutionContext? _context = ExecutionContext.Capture();
    private TimeSpan _period = Timeout.InfiniteTimeSpan;
    private TaskCompletionSource? _drained;
    private int _inFlight;
    private bool _disposed;

    public long Due { get; set; }

    public long Order { get; set; }

    public bool Change(TimeSpan dueTime, TimeSpan period)
    {
        if (_disposed)
        {
            return false;
        }

        _period = period;
        if (dueTime == Timeout.InfiniteTimeSpan)
        {
            time.Remove(this);
        }
        else
        {
            time.Schedule(this, dueTime);
        }

        return true;
    }

    public void Fire(Engine engine)
    {
        if (_period > TimeSpan.Zero)
        {
            time.Schedule(this, _period);
        }

        _inFlight++;
        var task = engine.CreateTask("timer");
        task.Post(static state => ((ScheduleTimer)state!).Invoke(), this);
    }

    public void Dispose()
    {
        _disposed = true;
        time.Remove(this);
    }

    public ValueTask DisposeAsync()
    {
        Dispose();
        if (_inFlight == 0)
        {
            return ValueTask.CompletedTask;
        }

        _drained ??= new TaskCompletionSource();
        return new ValueTask(_drained.Task);
    }

    private void Invoke()
    {
        try
        {
            // A callback that was already queued runs although the timer was disposed meanwhile, as the system's timers do.
            if (_context is null)
            {
                callback(state);
            }
            else
            {
                ExecutionContext.Run(_context, static self => ((ScheduleTimer)self!).InvokeCore(), this);
            }
        }
        finally
        {
            if (--_inFlight == 0)
            {
                _drained?.TrySetResult();
            }
        }
    }

    private void InvokeCore() => callback(state);
}
