using System.Diagnostics.Metrics;

namespace Resilience.Storage.Internal;

/// <summary>The package's instruments. Safe for concurrent use.</summary>
internal sealed class StorageMetrics : IDisposable
{
    private readonly Meter _meter;
    private readonly Counter<long> _deletions;
    private readonly Histogram<double> _duration;
    private readonly Counter<long> _attemptsFailed;
    private readonly Histogram<int> _batchSize;
    private readonly Counter<long> _batchesFailed;
    private readonly Counter<long> _recovered;
    private readonly Counter<long> _sinkFailures;
    private readonly Counter<long> _sweeps;
    private readonly Histogram<double> _sweepDuration;
    private readonly Counter<long> _sweepFiles;
    private readonly Counter<long> _uploadsReaped;
    private readonly Lock _gate = new();
    private JournalCounts _journal;
    private bool _stuckAlert;
    private bool _sweepAlert;

    public StorageMetrics(IMeterFactory factory)
    {
        _meter = factory.Create(StorageTelemetryNames.Meter);
        _deletions = _meter.CreateCounter<long>("resilience.storage.deletions", "{deletion}", "Deletions that ended.");
        _duration = _meter.CreateHistogram<double>(
            "resilience.storage.deletion.duration", "s", "From the call to the outcome.", null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30] });
        _attemptsFailed = _meter.CreateCounter<long>("resilience.storage.attempts.failed", "{attempt}", "Tries to delete a file that failed.");
        _batchSize = _meter.CreateHistogram<int>(
            "resilience.storage.batch.size", "{step}", "Steps that shared one commit.", null,
            new InstrumentAdvice<int> { HistogramBucketBoundaries = [1, 2, 4, 8, 16, 32, 64] });
        _batchesFailed = _meter.CreateCounter<long>("resilience.storage.batches.failed", "{batch}", "Shared transactions that failed and were run again one by one.");
        _recovered = _meter.CreateCounter<long>("resilience.storage.recovered", "{deletion}", "Deletions of dead processes that were taken over.");
        _sinkFailures = _meter.CreateCounter<long>("resilience.storage.audit.sink_failures", "{call}", "Calls of an audit sink that threw.");
        _sweeps = _meter.CreateCounter<long>("resilience.storage.sweeps", "{sweep}", "Sweeps that ended, by outcome.");
        _sweepDuration = _meter.CreateHistogram<double>(
            "resilience.storage.sweep.duration", "s", "How long a sweep took.", null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600] });
        _sweepFiles = _meter.CreateCounter<long>("resilience.storage.sweep.files", "{file}", "Files that a sweep handled, by outcome.");
        _uploadsReaped = _meter.CreateCounter<long>("resilience.storage.uploads.reaped", "{upload}", "Abandoned uploads that were cleaned up.");
        _meter.CreateObservableGauge("resilience.storage.journal.rows", ObserveJournal, "{row}", "Journal rows by state, as the last recovery saw them.");
        _meter.CreateObservableGauge("resilience.storage.journal.oldest_age", () => Read().OldestAge.TotalSeconds, "s", "Age of the oldest deletion that is not finished.");
        _meter.CreateObservableGauge("resilience.storage.alert.active", ObserveAlerts, "{alert}", "1 while the alert is raised.");
    }

    public void Deleted(DeletionStatus status, TimeSpan elapsed)
    {
        var tag = new KeyValuePair<string, object?>(StorageTelemetryNames.Status, status.ToString());
        _deletions.Add(1, tag);
        _duration.Record(elapsed.TotalSeconds, tag);
    }

    public void DeletionBroke(TimeSpan elapsed)
    {
        var tag = new KeyValuePair<string, object?>(StorageTelemetryNames.Status, "Error");
        _deletions.Add(1, tag);
        _duration.Record(elapsed.TotalSeconds, tag);
    }

    public void AttemptFailed() => _attemptsFailed.Add(1);

    public void Batch(int size) => _batchSize.Record(size);

    public void BatchFailed() => _batchesFailed.Add(1);

    public void Recovered(int count) => _recovered.Add(count);

    public void SinkFailed() => _sinkFailures.Add(1);

    public void UploadReaped() => _uploadsReaped.Add(1);

    public void Swept(string outcome, TimeSpan elapsed)
    {
        _sweeps.Add(1, new KeyValuePair<string, object?>(StorageTelemetryNames.Outcome, outcome));
        _sweepDuration.Record(elapsed.TotalSeconds);
    }

    public void SweptFiles(string outcome, long count)
    {
        if (count > 0)
        {
            _sweepFiles.Add(count, new KeyValuePair<string, object?>(StorageTelemetryNames.Outcome, outcome));
        }
    }

    public void Journal(JournalCounts counts)
    {
        lock (_gate)
        {
            _journal = counts;
        }
    }

    public void Alerts(bool stuck, bool sweep)
    {
        lock (_gate)
        {
            (_stuckAlert, _sweepAlert) = (stuck, sweep);
        }
    }

    public void Dispose() => _meter.Dispose();

    private JournalCounts Read()
    {
        lock (_gate)
        {
            return _journal;
        }
    }

    private Measurement<long>[] ObserveJournal()
    {
        var counts = Read();
        return
        [
            new(counts.Pending, new KeyValuePair<string, object?>(StorageTelemetryNames.State, "pending")),
            new(counts.Failed, new KeyValuePair<string, object?>(StorageTelemetryNames.State, "failed")),
            new(counts.Stuck, new KeyValuePair<string, object?>(StorageTelemetryNames.State, "stuck")),
        ];
    }

    private Measurement<int>[] ObserveAlerts()
    {
        lock (_gate)
        {
            return
            [
                new(_stuckAlert ? 1 : 0, new KeyValuePair<string, object?>(StorageTelemetryNames.Alert, StorageTelemetryNames.AlertStuck)),
                new(_sweepAlert ? 1 : 0, new KeyValuePair<string, object?>(StorageTelemetryNames.Alert, StorageTelemetryNames.AlertSweep)),
            ];
        }
    }
}

/// <summary>Rows of the journal by state.</summary>
internal readonly record struct JournalCounts(long Pending, long Failed, long Stuck, TimeSpan OldestAge);
