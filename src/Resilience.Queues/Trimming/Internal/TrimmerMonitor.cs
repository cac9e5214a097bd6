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
    private readonly Dictionary<string, AlertBoard> _streamAlerts = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, TrimResult> _last = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, long> _lastLoss = new(StringComparer.Ordinal);
    private readonly Action<QueueAlert>? _callback;
    private readonly Alert _memory;
    private readonly Alert _unreachable;
    private readonly List<TrackedStream> _streams = [];
    private readonly ConcurrentDictionary<string, bool> _failing = new(StringComparer.Ordinal);

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

    public IReadOnlyDictionary<string, TrimResult> Last => _last;

    public IEnumerable<string> ActiveAlerts =>
        _serverAlerts.Active.Concat(_streamAlerts.SelectMany(static stream => stream.Value.Active.Select(alert => $"{stream.Key}.{alert}")));

    /// <summary>Adds a stream; only while the trimmer is being built.</summary>
    public TrackedStream Track(TrackedStream stream)
    {
        var board = new AlertBoard(stream.Key, Tag(stream), _metrics.AlertActive, _logger, _callback);
        stream.Blocked = board.Add(QueuesTelemetryNames.BlockedAlert, 1, 1);
        stream.UnreadLost = board.Add(QueuesTelemetryNames.UnreadLostAlert, 1, 1);
        _streamAlerts.Add(stream.Key, board);
        _streams.Add(stream);
        return stream;
    }

    public void Trimmed(TrackedStream stream, in TrimResult result)
    {
        var tag = Tag(stream);
        var text = result.Status switch { TrimStatus.Done => "success", TrimStatus.Missing => "missing", _ => "wrong_type" };
        _metrics.Trims.Add(1, tag, new(QueuesTelemetryNames.ResultTag, text));
        Worked(stream.Key);
        if (result.Status == TrimStatus.WrongType && (!_last.TryGetValue(stream.Key, out var before) || before.Status != TrimStatus.WrongType))
        {
            QueuesLog.NoStream(_logger, stream.Key);
        }

        _last[stream.Key] = result;
        if (result.Status != TrimStatus.Done)
        {
            return;
        }

        _metrics.Trimmed.Add(result.Removed, tag);
        _metrics.StreamLength.Record(result.Length, tag);
        _metrics.StreamBlocked.Record(result.Blocked ? 1 : 0, tag);
        if (result.Bytes >= 0)
        {
            _metrics.StreamBytes.Record(result.Bytes, tag);
        }

        if (result.Lag >= 0)
        {
            _metrics.StreamLag.Record(result.Lag, tag);
        }

        var board = _streamAlerts[stream.Key];
        Report(board, stream.Blocked!, result.Blocked ? stream.Blocked!.Raise() : stream.Blocked!.Clear(), result.Length);
        if (result.UnreadLost > 0)
        {
            _metrics.UnreadLost.Add(result.UnreadLost, tag);
            _lastLoss[stream.Key] = _time.GetTimestamp();
            var change = stream.UnreadLost!.Raise();
            if (change == AlertChange.Raised)
            {
                QueuesLog.UnreadLost(_logger, stream.Key, result.UnreadLost, result.Length);
            }

            Report(board, stream.UnreadLost!, change, result.UnreadLost);
        }
    }

    /// <summary>Takes the server's memory, and clears the alerts about losses that are over.</summary>
    public void Measured(ServerMemory memory, TimeSpan quiet)
    {
        Memory = memory;
        Worked(Server);
        _metrics.ServerMemoryUsed.Record(memory.Used);
        _metrics.ServerMemoryMaximum.Record(memory.Maximum);
        var share = memory.Maximum > 0 ? (double)memory.Used / memory.Maximum : 0;
        Report(_serverAlerts, _memory, _memory.Update(share), share);
        foreach (var stream in _streams)
        {
            var board = _streamAlerts[stream.Key];
            if (stream.UnreadLost!.IsActive && _time.GetElapsedTime(_lastLoss.GetValueOrDefault(stream.Key)) >= quiet)
            {
                Report(board, stream.UnreadLost, stream.UnreadLost.Clear(), 0);
            }

            board.Publish();
        }

        _serverAlerts.Publish();
    }

    /// <param name="stream">The stream whose trim failed; null for the server's figures.</param>
    /// <param name="error">Why.</param>
    public void StoreFailed(TrackedStream? stream, Exception error)
    {
        _failing[stream?.Key ?? Server] = true;
        _metrics.StoreErrors.Add(1, new KeyValuePair<string, object?>(QueuesTelemetryNames.StreamTag, "*"));
        var change = _unreachable.Raise();
        if (change == AlertChange.Raised)
        {
            QueuesLog.TrimFailed(_logger, error);
        }

        Report(_serverAlerts, _unreachable, change, 1);
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
            Report(_serverAlerts, _unreachable, _unreachable.Clear(), 0);
        }
    }

    private static KeyValuePair<string, object?> Tag(TrackedStream stream) => new(QueuesTelemetryNames.StreamTag, stream.Key);

    private static void Report(AlertBoard board, Alert alert, AlertChange change, double value) => board.Report(alert, change, value);
}
