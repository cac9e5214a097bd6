using Microsoft.Extensions.Logging;
using Resilience.Shared;

namespace Resilience.Queues;

/// <summary>Why an enqueue was refused.</summary>
internal enum RejectionReason
{
    Full,
    TimedOut,
    Payload,
    Delay,
}

/// <summary>
/// What is known about one queue in this process: counters, trend, alerts, the last sample. Thread-safe: one lock guards the figures, and neither a logger nor
/// the application's callback is called under it.
/// </summary>
internal sealed partial class QueueMonitor
{
    private static readonly TimeSpan QuietAfterRejection = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private readonly DelayedQueueOptions _options;
    private readonly QueuesMetrics _metrics;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly KeyValuePair<string, object?> _queueTag;
    private readonly KeyValuePair<string, object?> _backendTag;
    private readonly SizeTrend _trend = new();
    private readonly AlertBoard _alerts;
    private long _lastSample;
    private long _lastRejection;
    private long _lastDrop;
    private QueueFigures _figures;

    public QueueMonitor(DelayedQueueContext context, string backend, QueuesMetrics metrics, ILogger logger)
    {
        Name = context.Name;
        _options = context.Options;
        _metrics = metrics;
        _logger = logger;
        _time = context.TimeProvider;
        _queueTag = new(QueuesTelemetryNames.QueueTag, Name);
        _backendTag = new(QueuesTelemetryNames.BackendTag, backend);
        _lastSample = _time.GetTimestamp();
        _alerts = new AlertBoard(Name, _queueTag, metrics.AlertActive, logger, _options.OnAlert);
        SizeAlert = _alerts.Add(
            QueuesTelemetryNames.SizeAlert, _options.AlertThreshold * _options.MaxSize, _options.AlertClearThreshold * _options.MaxSize);
        RejectedAlert = _alerts.Add(QueuesTelemetryNames.RejectedAlert, 1, 1);
        DeadLettersAlert = _alerts.Add(QueuesTelemetryNames.DeadLettersAlert, 1, 1);
        StoreAlert = _alerts.Add(QueuesTelemetryNames.StoreAlert, 1, 1);
    }

    public string Name { get; }

    public Alert SizeAlert { get; }

    public Alert RejectedAlert { get; }

    public Alert DeadLettersAlert { get; }

    public Alert StoreAlert { get; }

    public IReadOnlyList<string> ActiveAlerts => _alerts.Active;

    public QueueFigures Figures
    {
        get
        {
            lock (_gate)
            {
                return _figures;
            }
        }
    }

    public void Enqueued(in EnqueueResult result)
    {
        switch (result.Status)
        {
            case EnqueueStatus.Accepted:
                _metrics.Enqueued.Add(1, _queueTag, _backendTag);
                lock (_gate)
                {
                    _figures.Enqueued++;
                    _trend.Observe(result.Size);
                }

                if (!SizeAlert.IsActive && result.Size >= SizeAlert.RaiseAt)
                {
                    _alerts.Report(SizeAlert, SizeAlert.Update(result.Size), result.Size);
                }

                break;
            case EnqueueStatus.Duplicate:
                _metrics.Duplicates.Add(1, _queueTag, _backendTag);
                break;
            case EnqueueStatus.Full:
                Rejected(RejectionReason.Full);
                break;
            case EnqueueStatus.TimedOut:
                Rejected(RejectionReason.TimedOut);
                break;
            default:
                break;
        }
    }

    public void Rejected(RejectionReason reason)
    {
        var tag = reason switch
        {
            RejectionReason.Full => "full",
            RejectionReason.TimedOut => "timed_out",
            RejectionReason.Payload => "payload",
            _ => "delay",
        };
        _metrics.Rejected.Add(1, _queueTag, _backendTag, new(QueuesTelemetryNames.ReasonTag, tag));
        lock (_gate)
        {
            _figures.Rejected++;
        }

        if (reason is RejectionReason.Full or RejectionReason.TimedOut)
        {
            Volatile.Write(ref _lastRejection, _time.GetTimestamp());
            if (!RejectedAlert.IsActive)
            {
                _alerts.Report(RejectedAlert, RejectedAlert.Raise(), 1);
            }
        }
    }

    public void Claimed(TimeSpan lateness, bool suspect)
    {
        _metrics.Claimed.Add(1, _queueTag, _backendTag);
        _metrics.Lateness.Record(lateness.TotalSeconds, _queueTag, _backendTag);
        if (suspect)
        {
            _metrics.Redelivered.Add(1, _queueTag, _backendTag);
        }
    }

    public void Settled(SettlementKind kind, DeadLetterReason reason, SettlementOutcome outcome)
    {
        if (outcome == SettlementOutcome.Stale)
        {
            _metrics.StaleSettlements.Add(1, _queueTag, _backendTag);
            return;
        }

        if (outcome == SettlementOutcome.DeadLettered)
        {
            DeadLettered(reason, 1);
        }

        var result = outcome == SettlementOutcome.DeadLettered ? "dead_lettered" : kind switch
        {
            SettlementKind.Acknowledge => "acknowledged",
            SettlementKind.Retry => "retried",
            _ => "released",
        };
        _metrics.Settled.Add(1, _queueTag, _backendTag, new(QueuesTelemetryNames.ResultTag, result));
    }

    public void Cancelled() => _metrics.Cancelled.Add(1, _queueTag, _backendTag);

    public void Redriven() => _metrics.Redriven.Add(1, _queueTag, _backendTag);

    public void Processed(TimeSpan duration, string result) =>
        _metrics.Processing.Record(duration.TotalSeconds, _queueTag, _backendTag, new(QueuesTelemetryNames.ResultTag, result));

    public void DeadLettered(DeadLetterReason reason, int count)
    {
        if (count == 0)
        {
            return;
        }

        _metrics.DeadLettered.Add(count, _queueTag, _backendTag, new(QueuesTelemetryNames.ReasonTag, Text(reason)));
        lock (_gate)
        {
            _figures.DeadLettered += count;
        }
    }

    public void DeadLettersDropped(int count)
    {
        _metrics.DeadLettersDropped.Add(count, _queueTag, _backendTag);
        Volatile.Write(ref _lastDrop, _time.GetTimestamp());
        if (!DeadLettersAlert.IsActive)
        {
            _alerts.Report(DeadLettersAlert, DeadLettersAlert.Raise(), count);
        }
    }

    internal static string Text(DeadLetterReason reason) => reason switch
    {
        DeadLetterReason.Failures => "failures",
        DeadLetterReason.Permanent => "permanent",
        DeadLetterReason.Deliveries => "deliveries",
        DeadLetterReason.Expired => "expired",
        _ => "payload",
    };
}
