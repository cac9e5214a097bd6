using System.Diagnostics.Metrics;

namespace Resilience.Cleanup;

/// <summary>The instruments of the dispatcher.</summary>
internal sealed partial class CleanupMetrics
{
    private static readonly KeyValuePair<string, object?> NormalLane = new(CleanupTelemetryNames.LaneTag, "normal");
    private static readonly KeyValuePair<string, object?> LowLane = new(CleanupTelemetryNames.LaneTag, "low");

    private readonly Counter<long> _posted;
    private readonly Counter<long> _inline;
    private readonly Counter<long> _sourceLimited;
    private readonly Histogram<double> _latency;
    private readonly Histogram<int> _batchSize;
    private readonly Histogram<double> _lockHold;
    private readonly Counter<long> _lockTimeouts;
    private readonly Counter<long> _restarts;
    private readonly Counter<long> _replaced;
    private CleanupDispatcher? _dispatcher;

    /// <summary>The dispatcher whose state the gauges show. The container has one.</summary>
    public void Observe(CleanupDispatcher dispatcher) => Volatile.Write(ref _dispatcher, dispatcher);

    public void Posted(CleanupDispatch dispatch, bool low)
    {
        switch (dispatch)
        {
            case CleanupDispatch.InlineQueueFull:
                _inline.Add(1, new KeyValuePair<string, object?>(CleanupTelemetryNames.ReasonTag, "queue_full"));
                break;
            case CleanupDispatch.InlineBreakerOpen:
                _inline.Add(1, new KeyValuePair<string, object?>(CleanupTelemetryNames.ReasonTag, "breaker_open"));
                break;
            case CleanupDispatch.InlineStopped:
                _inline.Add(1, new KeyValuePair<string, object?>(CleanupTelemetryNames.ReasonTag, "stopped"));
                break;
        }

        _posted.Add(1, low ? LowLane : NormalLane);
        if (low)
        {
            _sourceLimited.Add(1);
        }
    }

    public void PostClosed(TimeSpan latency) => _latency.Record(latency.TotalSeconds);

    public void BatchDone(int count) => _batchSize.Record(count);

    public void LockHeld(TimeSpan time) => _lockHold.Record(time.TotalSeconds);

    public void LockTimedOut() => _lockTimeouts.Add(1);

    public void WorkerRestarted() => _restarts.Add(1);

    public void WorkerReplaced() => _replaced.Add(1);

    private IEnumerable<Measurement<int>> Depth()
    {
        if (Volatile.Read(ref _dispatcher) is { } dispatcher)
        {
            var (normal, low) = dispatcher.Queue.Depth;
            yield return new Measurement<int>(normal, NormalLane);
            yield return new Measurement<int>(low, LowLane);
        }
    }

    private int Read(Func<CleanupDispatcher, int> value) => Volatile.Read(ref _dispatcher) is { } dispatcher ? value(dispatcher) : 0;
}
