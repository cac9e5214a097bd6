using Microsoft.Extensions.Logging;
using Resilience.Shared;

namespace Resilience.Cleanup;

/// <summary>What a lane tells. Never throws, because a listener's fault must not end a runner. Thread-safe.</summary>
internal sealed class LaneTelemetry(string lane, CleanupMetrics? metrics, ILogger logger, Action<CleanupAlert>? onAlert)
{
    private readonly Alert _full = new("lane_full", 1, 1);
    private readonly Alert _failed = new("lane_failed", 1, 1);

    public string? Trouble => _failed.IsActive ? $"the lane '{lane}' gave items up" : _full.IsActive ? $"the lane '{lane}' is full" : null;

    public void Coalesced()
    {
        try
        {
            metrics?.LaneCoalesced(lane);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // A listener's fault.
        }
    }

    public void Refused(int capacity) => Telling.Guard(() =>
    {
        metrics?.LaneRefused(lane);
        if (_full.Raise() == AlertChange.Raised)
        {
            CleanupLog.LaneFull(logger, lane, capacity);
            Tell(_full, $"The lane '{lane}' refuses new keys.");
        }
    });

    public void RefusedAtTheEnd() => Telling.Guard(() => metrics?.LaneRefused(lane));

    /// <summary>A quarter of the lane is free again.</summary>
    public void Roomy()
    {
        if (_full.Clear() == AlertChange.Cleared)
        {
            Telling.Guard(() =>
            {
                CleanupLog.LaneFullCleared(logger, lane);
                Tell(_full, $"The lane '{lane}' takes new keys again.");
            });
        }
    }

    public void Handled(int items) => Telling.Guard(() =>
    {
        metrics?.LaneHandled(lane, items);
        if (_failed.Clear() == AlertChange.Cleared)
        {
            CleanupLog.LaneRecovered(logger, lane);
            Tell(_failed, $"The lane '{lane}' works again.");
        }
    });

    public void Retries(int items, TimeSpan delay, int attempt, Exception fault) => Telling.Guard(() =>
    {
        metrics?.LaneRetried(lane, items);
        CleanupLog.LaneRetry(logger, lane, items, delay.TotalSeconds, attempt, fault);
    });

    public void GivenUp(int attempts, Exception fault) => Telling.Guard(() =>
    {
        metrics?.LaneFailed(lane, 1);
        if (_failed.Raise() == AlertChange.Raised)
        {
            CleanupLog.LaneItemFailed(logger, lane, attempts, fault);
            Tell(_failed, $"The lane '{lane}' gave an item up.");
        }
    });

    public void MergeFailed(Exception fault) => Telling.Guard(() => CleanupLog.LaneMergeFailed(logger, lane, fault));

    public void NotDrained(int items) => Telling.Guard(() =>
    {
        metrics?.LaneFailed(lane, items);
        CleanupLog.LaneNotDrained(logger, lane, items);
    });

    private void Tell(Alert alert, string description)
    {
        metrics?.AlertChanged(alert.Name, alert.IsActive);
        try
        {
            onAlert?.Invoke(new CleanupAlert(alert.Name, alert.IsActive, description));
        }
        catch (Exception exception)
        {
            CleanupLog.AlertCallbackFailed(logger, alert.Name, exception);
        }
    }
}
