using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Resilience.Shared;

namespace Resilience.Queues;

/// <summary>What is known about the trimmed streams in this process: metrics, alerts, the last results. Thread-safe.</summary>
internal sealed class TrimmerMonitor
{
    private const string Source = "streams";
    private const string Server = "*";

    private readonly QueuesMetrics _metrics;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly AlertBoard _serverAlerts;
    private readonly Dictionary<string, StreamAlerts> _alerts = new(StringComparer.Ordinal);
    private readonly Action<QueueAlert>? _callback;
    private readonly Alert _memory;
    private readonly Alert _unreachable;
    private readonly ConcurrentDictionary<string, bool> _failing = new(StringComparer.Ordinal);
    private IReadOnlyList<TrackedStream> _streams = [];
    private IReadOnlyList<StreamFamily> _families = [];

    public TrimmerMonitor(StreamTrimmerOptions options, QueuesMetrics metrics, ILogger logger, TimeProvider time)
    {
        _metrics = metrics;
        _logger = logger;
        _time = time;
        _callback = options.OnAlert;
        _serverAlerts = new AlertBoard(Source, new(QueuesTelemetryNames.StreamTag, "*"), metrics.AlertActive, logger, options.OnAlert);
        _memory = _serverAlerts.Add(QueuesTelemetryNames.MemoryAlert, options.MemoryAlertThreshold, options.MemoryAlertClearThreshold);
        _unreachable = _serverAlerts.Add(QueuesTelemetryNames.StoreAlert, 1, 1);
    }

    public bool IsUnreachable => _unreachable.IsActive;

    public ServerMemory? Memory { get; private set; }

    /// <summary>The last trims: of each registered stream, and of each family's streams together.</summary>
    public IEnumerable<StreamFigures> Last =>
        _streams.Where(static stream => stream.Last is not null).Select(static stream => new StreamFigures(stream.Name, [stream]))
            .Concat(_families.Select(static family => new StreamFigures(family.Name, family.Members)));

    public IEnumerable<string> ActiveAlerts =>
        _serverAlerts.Active.Concat(_alerts.SelectMany(static stream => stream.Value.Board.Active.Select(alert => $"{stream.Key}.{alert}")));

    /// <summary>Takes what is watched; called once, while the trimmer is being built.</summary>
    public void Track(IReadOnlyList<TrackedStream> streams, IReadOnlyList<StreamFamily> families)
    {
        _streams = streams;
        _families = families;
        foreach (var name in streams.Select(static stream => stream.Name).Concat(families.Select(static family => family.Name)))
        {
            _alerts.TryAdd(name, new StreamAlerts(name, _metrics.AlertActive, _logger, _callback));
        }
    }

    public void Trimmed(TrackedStream stream, in TrimResult result)
    {
        var alerts = _alerts[stream.Name];
        var text = result.Status switch { TrimStatus.Done => "success", TrimStatus.Missing => "missing", _ => "wrong_type" };
        _metrics.Trims.Add(1, alerts.Tag, new(QueuesTelemetryNames.ResultTag, text));
        Worked(stream.Name);
        if (result.Status == TrimStatus.WrongType && stream.Last?.Status != TrimStatus.WrongType)
        {
            QueuesLog.NoStream(_logger, stream.Name);
        }

        stream.Last = result;
        if (result.Status != TrimStatus.Done)
        {
            return;
        }

        _metrics.Trimmed.Add(result.Removed, alerts.Tag);
        if (stream.Family is null)
        {
            Show(new StreamFigures(stream.Name, [stream]), alerts);
        }
        else if (result.Blocked)
        {
            alerts.Board.Report(alerts.Blocked, alerts.Blocked.Raise(), result.Length);
        }

        if (result.UnreadLost > 0)
        {
            _metrics.UnreadLost.Add(result.UnreadLost, alerts.Tag);
            alerts.LastLoss = _time.GetTimestamp();
            var change = alerts.UnreadLost.Raise();
            if (change == AlertChange.Raised)
            {
                QueuesLog.UnreadLost(_logger, stream.Name, result.UnreadLost, result.Length);
            }

            alerts.Board.Report(alerts.UnreadLost, change, result.UnreadLost);
        }
    }

    /// <summary>Takes the server's memory, shows the figures of the families, and clears the alerts about losses that are over.</summary>
    public void Measured(ServerMemory memory, TimeSpan quiet)
    {
        Memory = memory;
        Worked(Server);
        _metrics.ServerMemoryUsed.Record(memory.Used);
        _metrics.ServerMemoryMaximum.Record(memory.Maximum);
        var share = memory.Maximum > 0 ? (double)memory.Used / memory.Maximum : 0;
        _serverAlerts.Report(_memory, _memory.Update(share), share);
        foreach (var family in _families)
        {
            Show(new StreamFigures(family.Name, family.Members), _alerts[family.Name]);
        }

        foreach (var alerts in _alerts.Values)
        {
            if (alerts.UnreadLost.IsActive && _time.GetElapsedTime(alerts.LastLoss) >= quiet)
            {
                alerts.Board.Report(alerts.UnreadLost, alerts.UnreadLost.Clear(), 0);
            }

            alerts.Board.Publish();
        }

        _serverAlerts.Publish();
    }

    /// <param name="stream">The stream whose trim failed; null for the server's figures.</param>
    /// <param name="error">Why.</param>
    public void StoreFailed(TrackedStream? stream, Exception error)
    {
        _failing[stream?.Name ?? Server] = true;
        _metrics.StoreErrors.Add(1, new KeyValuePair<string, object?>(QueuesTelemetryNames.StreamTag, "*"));
        var change = _unreachable.Raise();
        if (change == AlertChange.Raised)
        {
            QueuesLog.TrimFailed(_logger, error);
        }

        _serverAlerts.Report(_unreachable, change, 1);
    }

    public void UnknownStream(string key) => QueuesLog.UnknownStream(_logger, key);

    /// <summary>The alert clears when nothing fails any more: one stream that works beside one that does not says nothing about the other.</summary>
    private void Worked(string what)
    {
        if (_failing.IsEmpty)
        {
            return;
        }

        // Whatever works, the server answers.
        _failing.TryRemove(Server, out _);
        _failing.TryRemove(what, out _);
        if (_failing.IsEmpty)
        {
            _serverAlerts.Report(_unreachable, _unreachable.Clear(), 0);
        }
    }

    private void Show(in StreamFigures figures, StreamAlerts alerts)
    {
        _metrics.StreamLength.Record(figures.Length, alerts.Tag);
        _metrics.StreamBlocked.Record(figures.Blocked, alerts.Tag);
        if (figures.Bytes >= 0)
        {
            _metrics.StreamBytes.Record(figures.Bytes, alerts.Tag);
        }

        if (figures.Lag >= 0)
        {
            _metrics.StreamLag.Record(figures.Lag, alerts.Tag);
        }

        alerts.Board.Report(alerts.Blocked, figures.Blocked > 0 ? alerts.Blocked.Raise() : alerts.Blocked.Clear(), figures.Length);
    }
}
