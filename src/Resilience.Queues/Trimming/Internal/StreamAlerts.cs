using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Resilience.Shared;

namespace Resilience.Queues;

/// <summary>The alerts of one stream or family, by its name. Thread-safe.</summary>
internal sealed class StreamAlerts
{
    private long _lastLoss;

    public StreamAlerts(string name, Gauge<int> gauge, ILogger logger, Action<QueueAlert>? callback)
    {
        Tag = new(QueuesTelemetryNames.StreamTag, name);
        Board = new AlertBoard(name, Tag, gauge, logger, callback);
        Blocked = Board.Add(QueuesTelemetryNames.BlockedAlert, 1, 1);
        UnreadLost = Board.Add(QueuesTelemetryNames.UnreadLostAlert, 1, 1);
    }

    public KeyValuePair<string, object?> Tag { get; }

    public AlertBoard Board { get; }

    public Alert Blocked { get; }

    public Alert UnreadLost { get; }

    /// <summary>When entries were lost last.</summary>
    public long LastLoss
    {
        get => Volatile.Read(ref _lastLoss);
        set => Volatile.Write(ref _lastLoss, value);
    }
}
