using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Resilience.Data;

/// <summary>Every instrument of the package. Thread-safe.</summary>
internal sealed class DataMetrics
{
    private static readonly double[] Seconds = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];

    private readonly Counter<long> _transactions;
    private readonly Histogram<long> _attempts;
    private readonly Histogram<double> _transactionDuration;
    private readonly Histogram<double> _operationDuration;
    private readonly Counter<long> _slow;
    private readonly Counter<long> _findings;
    private readonly Histogram<long> _scopeQueries;
    private readonly Counter<long> _overflow;
    private readonly Counter<long> _monitorErrors;
    private readonly Histogram<long> _batchSize;
    private readonly Counter<long> _sequential;
    private readonly Counter<long> _cacheRequests;
    private readonly Counter<long> _populateRejected;
    private readonly Counter<long> _storeErrors;
    private readonly Histogram<double> _loadDuration;
    private readonly UpDownCounter<long> _pending;
    private readonly Gauge<int> _alert;

    public DataMetrics(IMeterFactory meterFactory)
    {
        var meter = meterFactory.Create(DataTelemetryNames.Meter);
        var buckets = new InstrumentAdvice<double> { HistogramBucketBoundaries = Seconds };
        _transactions = meter.CreateCounter<long>("resilience.data.transactions", "{transaction}", "Guarded transactions by outcome.");
        _attempts = meter.CreateHistogram<long>("resilience.data.transaction.attempts", "{attempt}", "Attempts per guarded transaction.");
        _transactionDuration = meter.CreateHistogram("resilience.data.transaction.duration", "s", "Duration of guarded transactions with all attempts.", null, buckets);
        _operationDuration = meter.CreateHistogram("db.client.operation.duration", "s", "Duration of database commands, where the provider does not report it.", null, buckets);
        _slow = meter.CreateCounter<long>("resilience.data.queries.slow", "{query}", "Commands above the slow threshold.");
        _findings = meter.CreateCounter<long>("resilience.data.queries.findings", "{finding}", "N+1 patterns, duplicates and exceeded budgets found in scopes.");
        _scopeQueries = meter.CreateHistogram<long>("resilience.data.scope.queries", "{query}", "Commands per scope.");
        _overflow = meter.CreateCounter<long>("resilience.data.monitor.overflow", "{query}", "Commands counted in the overflow row because the fingerprint table is full.");
        _monitorErrors = meter.CreateCounter<long>("resilience.data.monitor.errors", "{error}", "Errors inside the monitor; the commands were not affected.");
        _batchSize = meter.CreateHistogram<long>("resilience.data.batch.size", "{key}", "Keys per batch of a loader.");
        _sequential = meter.CreateCounter<long>("resilience.data.batch.sequential", "{loader}", "Loaders that were awaited one key after the other.");
        _cacheRequests = meter.CreateCounter<long>("resilience.data.cache.requests", "{request}", "Keys asked of the fenced cache, by where the answer came from.");
        _populateRejected = meter.CreateCounter<long>("resilience.data.cache.populate_rejected", "{entry}", "Loaded values that were not stored because their fence had moved or the load took too long.");
        _storeErrors = meter.CreateCounter<long>("resilience.data.cache.store_errors", "{error}", "Failed calls of the shared level, and entries that could not be read.");
        _loadDuration = meter.CreateHistogram("resilience.data.cache.load.duration", "s", "Duration of loads behind the cache.", null, buckets);
        _pending = meter.CreateUpDownCounter<long>("resilience.data.cache.pending_invalidations", "{key}", "Keys and tags whose invalidation still has to reach the shared level.");
        _alert = meter.CreateGauge<int>("resilience.data.alert.active", "{alert}", "1 while an alert is raised, else 0.");
    }

    public bool OperationEnabled => _operationDuration.Enabled;

    public void TransactionEnded(GuardOutcome outcome, int attempts, TimeSpan duration)
    {
        var tag = new KeyValuePair<string, object?>(DataTelemetryNames.OutcomeTag, Name(outcome));
        _transactions.Add(1, tag);
        _attempts.Record(attempts);
        _transactionDuration.Record(duration.TotalSeconds, tag);
    }

    public void OperationEnded(string system, TimeSpan duration, Exception? error)
    {
        var tags = new TagList { { "db.system.name", system } };
        if (error is not null)
        {
            tags.Add("error.type", error is OperationCanceledException ? "cancelled" : "database");
        }

        _operationDuration.Record(duration.TotalSeconds, tags);
    }

    public void SlowQuery() => _slow.Add(1);

    public void Finding(QueryFindingKind kind) => _findings.Add(1, new KeyValuePair<string, object?>(DataTelemetryNames.KindTag, kind switch
    {
        QueryFindingKind.NPlusOne => "n_plus_one",
        QueryFindingKind.Duplicate => "duplicate",
        _ => "budget",
    }));

    public void ScopeEnded(int queries) => _scopeQueries.Record(queries);

    public void Overflow() => _overflow.Add(1);

    public void MonitorError() => _monitorErrors.Add(1);

    public void Batch(int keys) => _batchSize.Record(keys);

    public void SequentialUse() => _sequential.Add(1);

    public void CacheRequests(string result, int keys)
    {
        if (_cacheRequests.Enabled && keys > 0)
        {
            _cacheRequests.Add(keys, new KeyValuePair<string, object?>(DataTelemetryNames.ResultTag, result));
        }
    }

    public void PopulateRejected(int entries) => _populateRejected.Add(entries);

    public void StoreError() => _storeErrors.Add(1);

    public void Loaded(TimeSpan duration) => _loadDuration.Record(duration.TotalSeconds);

    public void Pending(int change) => _pending.Add(change);

    public void AlertChanged(string alert, bool active) => _alert.Record(active ? 1 : 0, new KeyValuePair<string, object?>(DataTelemetryNames.AlertTag, alert));

    private static string Name(GuardOutcome outcome) => outcome switch
    {
        GuardOutcome.Applied => "applied",
        GuardOutcome.Denied => "denied",
        GuardOutcome.NotFound => "not_found",
        GuardOutcome.Conflict => "conflict",
        GuardOutcome.Busy => "busy",
        _ => "commit_unknown",
    };
}
