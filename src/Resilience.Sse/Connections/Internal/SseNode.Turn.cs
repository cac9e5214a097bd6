namespace Resilience.Sse;

internal sealed partial class SseNode
{
    private long _lastTurn;
    private TaskCompletionSource? _turned;

    /// <summary>When the wheel last turned; the health check looks at it.</summary>
    public long LastTurn
    {
        get => Volatile.Read(ref _lastTurn);
        set => Volatile.Write(ref _lastTurn, value);
    }

    /// <summary>Ends with the next turn that ends, which is then the last one.</summary>
    public Task WhenTurnedAsync()
    {
        var mine = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return (Interlocked.CompareExchange(ref _turned, mine, null) ?? mine).Task;
    }

    /// <summary>Everything that happens once a second. One caller at a time.</summary>
    public void Turn()
    {
        var started = Clock.Time.GetTimestamp();
        Wheel.Turn(Clock.Now);
        Hub.Trim();
        Endings.Turn();
        Alerts.Turn();
        LastTurn = Clock.Now;
        Interlocked.Exchange(ref _turned, null)?.TrySetResult();
        Metrics.Tick(Clock.Time.GetElapsedTime(started), Hub.RetainedBytes, Hub.ChannelCount);
    }
}
