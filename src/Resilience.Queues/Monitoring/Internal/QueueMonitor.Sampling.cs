using Resilience.Shared;

namespace Resilience.Queues;

internal sealed partial class QueueMonitor
{
    /// <summary>Takes a sample of the store: gauges, trend, and the alerts that are levels.</summary>
    public void Sampled(in QueueStats stats)
    {
        double average, growth;
        long maximum;
        lock (_gate)
        {
            var now = _time.GetTimestamp();
            _trend.Sample(stats.Size, _time.GetElapsedTime(_lastSample, now));
            _lastSample = now;
            (maximum, average, growth) = (_trend.Maximum, _trend.Average, _trend.GrowthPerSecond);
            _figures.Stats = stats;
            _figures.IsSampled = true;
            (_figures.Maximum, _figures.Average, _figures.GrowthPerSecond) = (maximum, average, growth);
        }

        Gauge("ready", stats.Ready);
        Gauge("delayed", stats.Delayed);
        Gauge("leased", stats.Leased);
        Gauge("dead", stats.Dead);
        _metrics.Size.Record(stats.Size, _queueTag, _backendTag);
        _metrics.SizeMaximum.Record(maximum, _queueTag, _backendTag);
        _metrics.SizeAverage.Record(average, _queueTag, _backendTag);
        _metrics.GrowthRate.Record(growth, _queueTag, _backendTag);
        _metrics.OldestAge.Record(stats.OldestAge.TotalSeconds, _queueTag, _backendTag);
        if (stats.Bytes >= 0)
        {
            _metrics.Bytes.Record(stats.Bytes, _queueTag, _backendTag);
        }

        _alerts.Report(SizeAlert, SizeAlert.Update(stats.Size), stats.Size);
        _alerts.Report(StoreAlert, StoreAlert.Clear(), 0);
        if (RejectedAlert.IsActive && stats.Size < SizeAlert.ClearBelow && IsQuiet(ref _lastRejection))
        {
            _alerts.Report(RejectedAlert, RejectedAlert.Clear(), 0);
        }

        if (DeadLettersAlert.IsActive && stats.Dead < _options.AlertClearThreshold * _options.MaxDeadLetters && IsQuiet(ref _lastDrop))
        {
            _alerts.Report(DeadLettersAlert, DeadLettersAlert.Clear(), stats.Dead);
        }

        _alerts.Publish();
    }

    /// <summary>A background loop could not reach the store.</summary>
    public void StoreFailed(Exception error)
    {
        _metrics.StoreErrors.Add(1, _queueTag, _backendTag);
        lock (_gate)
        {
            _figures.LastError = error.Message;
        }

        if (StoreAlert.Raise() == AlertChange.Raised)
        {
            QueuesLog.StoreFailed(_logger, error, Name);
            _alerts.Report(StoreAlert, AlertChange.Raised, 1);
        }
    }

    public void CleanedUp(in CleanupReport report)
    {
        var completed = report.Status == CleanupStatus.Completed;
        _metrics.CleanupRuns.Add(1, _queueTag, _backendTag, new(QueuesTelemetryNames.ResultTag, completed ? "success" : "busy"));
        if (!completed)
        {
            return;
        }

        _metrics.CleanupRemoved.Record(report.Removed, _queueTag, _backendTag);
        _metrics.CleanupDuration.Record(report.Duration.TotalSeconds, _queueTag, _backendTag);
        _metrics.CleanupBacklog.Record(report.Remaining, _queueTag, _backendTag);
        lock (_gate)
        {
            _figures.CleanupSucceeded++;
            _figures.CleanupRemoved += report.Removed;
            _figures.LastCleanup = report;
        }

        if (report.Removed > 0)
        {
            QueuesLog.CleanedUp(_logger, Name, report.Removed, report.Batches, report.Remaining);
        }
    }

    public void CleanupFailed(Exception error)
    {
        _metrics.CleanupRuns.Add(1, _queueTag, _backendTag, new(QueuesTelemetryNames.ResultTag, "failure"));
        lock (_gate)
        {
            _figures.CleanupFailed++;
            _figures.LastError = error.Message;
        }

        QueuesLog.CleanupFailed(_logger, error, Name);
    }

    private bool IsQuiet(ref long since) => _time.GetElapsedTime(Volatile.Read(ref since)) >= QuietAfterRejection;

    private void Gauge(string state, long value) => _metrics.Messages.Record(value, _queueTag, _backendTag, new(QueuesTelemetryNames.StateTag, state));
}

/// <summary>The figures of a queue in this process, as the health check shows them.</summary>
internal struct QueueFigures
{
    public QueueStats Stats;
    public bool IsSampled;
    public long Maximum;
    public double Average;
    public double GrowthPerSecond;
    public long Enqueued;
    public long Rejected;
    public long DeadLettered;
    public long CleanupSucceeded;
    public long CleanupFailed;
    public long CleanupRemoved;
    public CleanupReport LastCleanup;
    public string? LastError;
}
