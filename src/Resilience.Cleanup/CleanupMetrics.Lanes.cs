using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Resilience.Cleanup;

/// <summary>The instruments of the coalescing lanes, and the alerts of the whole package.</summary>
internal sealed partial class CleanupMetrics
{
    private readonly ConcurrentDictionary<string, int> _alerts = new();
    private readonly ConcurrentDictionary<string, ILaneState> _lanes = new();
    private readonly Counter<long> _laneHandled;
    private readonly Counter<long> _laneCoalesced;
    private readonly Counter<long> _laneRefused;
    private readonly Counter<long> _laneRetries;
    private readonly Counter<long> _laneFailed;

    public void Observe(ILaneState lane) => _lanes[lane.Name] = lane;

    public void AlertChanged(string name, bool active) => _alerts[name] = active ? 1 : 0;

    public void LaneHandled(string lane, int items) => _laneHandled.Add(items, Lane(lane));

    public void LaneCoalesced(string lane) => _laneCoalesced.Add(1, Lane(lane));

    public void LaneRefused(string lane) => _laneRefused.Add(1, Lane(lane));

    public void LaneRetried(string lane, int items) => _laneRetries.Add(items, Lane(lane));

    public void LaneFailed(string lane, int items) => _laneFailed.Add(items, Lane(lane));

    private static KeyValuePair<string, object?> Lane(string name) => new(CleanupTelemetryNames.LaneTag, name);

    private IEnumerable<Measurement<int>> ActiveAlerts() =>
        _alerts.Select(static alert => new Measurement<int>(alert.Value, new KeyValuePair<string, object?>(CleanupTelemetryNames.AlertTag, alert.Key)));

    private IEnumerable<Measurement<int>> LanePending() =>
        _lanes.Values.Select(static lane => new Measurement<int>(lane.Pending, Lane(lane.Name)));
}
