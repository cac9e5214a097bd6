using System.Diagnostics.Metrics;

namespace Resilience.Cleanup;

/// <summary>The package's instruments. Thread-safe. Tags come from closed sets: enumerations and names that the application registers at start.</summary>
internal sealed partial class CleanupMetrics
{
    private static readonly string[] Reasons = [.. Enum.GetNames<CleanupReason>().Select(ToSnakeCase)];
    private static readonly InstrumentAdvice<double> Seconds = new()
    {
        HistogramBucketBoundaries = [0.00001, 0.0001, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30],
    };

    private readonly Counter<long> _scopesClosed;
    private readonly Histogram<double> _scopeDuration;
    private readonly Counter<long> _steps;
    private readonly Counter<long> _stepsLate;
    private readonly Counter<long> _abandonedEnded;

    public CleanupMetrics(IMeterFactory meterFactory)
    {
        var meter = meterFactory.Create(CleanupTelemetryNames.Meter);
        _scopesClosed = meter.CreateCounter<long>("resilience.cleanup.scopes.closed", "{scope}", "Scopes whose steps were run.");
        _scopeDuration = meter.CreateHistogram("resilience.cleanup.scope.duration", "s", "From the start of a close to its end.", tags: null, Seconds);
        _steps = meter.CreateCounter<long>("resilience.cleanup.steps", "{step}", "Steps that were run.");
        _stepsLate = meter.CreateCounter<long>("resilience.cleanup.steps.late", "{step}", "Steps that were registered after closing had begun.");
        _abandonedEnded = meter.CreateCounter<long>("resilience.cleanup.steps.abandoned_ended", "{step}", "Steps that ended after they had been given up.");

        _posted = meter.CreateCounter<long>("resilience.cleanup.posted", "{scope}", "Scopes that were posted, by lane.");
        _inline = meter.CreateCounter<long>("resilience.cleanup.inline", "{scope}", "Posted scopes whose steps were run on the caller.");
        _sourceLimited = meter.CreateCounter<long>("resilience.cleanup.source.limited", "{scope}", "Posted scopes that got a low priority because of their source.");
        _latency = meter.CreateHistogram("resilience.cleanup.latency", "s", "From a post to the end of the close.", tags: null, Seconds);
        _batchSize = meter.CreateHistogram<int>("resilience.cleanup.batch.size", "{scope}", "Scopes that a worker took at once.");
        _lockHold = meter.CreateHistogram("resilience.cleanup.lock.hold", "s", "How long the lock of a key was held for a batch.", tags: null, Seconds);
        _lockTimeouts = meter.CreateCounter<long>("resilience.cleanup.lock.timeouts", "{timeout}", "Locks of keys that were not free in time.");
        _restarts = meter.CreateCounter<long>("resilience.cleanup.worker.restarts", "{restart}", "Workers that were started again after a crash.");
        _replaced = meter.CreateCounter<long>("resilience.cleanup.worker.replaced", "{worker}", "Workers that were replaced because a step blocked them.");
        meter.CreateObservableGauge("resilience.cleanup.queue.depth", Depth, "{scope}", "Scopes that wait, by lane.");
        meter.CreateObservableGauge("resilience.cleanup.queue.capacity", () => Read(static d => d.Options.QueueCapacity), "{scope}", "The bound on pending scopes.");
        meter.CreateObservableGauge("resilience.cleanup.pending", () => Volatile.Read(ref _dispatcher)?.Snapshot().Pending ?? 0, "{scope}", "Scopes that wait or are being closed.");
        meter.CreateObservableGauge(
            "resilience.cleanup.queue.oldest_age", () => Volatile.Read(ref _dispatcher)?.OldestAge().TotalSeconds ?? 0, "s", "How long the oldest waiting scope has waited.");
        meter.CreateObservableGauge("resilience.cleanup.breaker.state", () => Read(static d => (int)d.Breaker.State), "{state}", "0 closed, 1 open, 2 probing.");
        meter.CreateObservableGauge("resilience.cleanup.workers.stuck", () => Read(static d => d.Supervisor.Stuck), "{worker}", "Replaced workers that are still blocked.");
        meter.CreateObservableGauge("resilience.cleanup.alert.active", ActiveAlerts, "{alert}", "1 while an alert is raised.");

        _laneHandled = meter.CreateCounter<long>("resilience.cleanup.lane.handled", "{item}", "Items that a lane's handler finished.");
        _laneCoalesced = meter.CreateCounter<long>("resilience.cleanup.lane.coalesced", "{item}", "Items that were merged into a pending one or cancelled it out.");
        _laneRefused = meter.CreateCounter<long>("resilience.cleanup.lane.refused", "{item}", "Items that a full or stopped lane refused.");
        _laneRetries = meter.CreateCounter<long>("resilience.cleanup.lane.retries", "{item}", "Items that wait for another attempt.");
        _laneFailed = meter.CreateCounter<long>("resilience.cleanup.lane.failed", "{item}", "Items that failed for good or were left at the end.");
        meter.CreateObservableGauge("resilience.cleanup.lane.pending", LanePending, "{key}", "Keys that wait in a lane.");
    }

    public void ScopeClosed(in CleanupReport report)
    {
        if (_scopesClosed.Enabled || _scopeDuration.Enabled)
        {
            var reason = new KeyValuePair<string, object?>(CleanupTelemetryNames.ReasonTag, Reasons[(int)report.Reason]);
            _scopesClosed.Add(1, reason);
            _scopeDuration.Record(report.Duration.TotalSeconds, reason);
        }

        Steps(report.Succeeded, report.Failed, report.TimedOut, report.Late);
    }

    public void StepsEnded(in StepTally tally) => Steps(tally.Succeeded, tally.Failed, tally.TimedOut, tally.Late);

    public void AbandonedStepEnded() => _abandonedEnded.Add(1);

    private static string ToSnakeCase(string name) =>
        string.Concat(name.Select(static (c, i) => i > 0 && char.IsUpper(c) ? $"_{char.ToLowerInvariant(c)}" : char.ToLowerInvariant(c).ToString()));

    private void Steps(int succeeded, int failed, int timedOut, int late)
    {
        if (!_steps.Enabled && !_stepsLate.Enabled)
        {
            return;
        }

        Count(succeeded, "succeeded");
        Count(failed, "failed");
        Count(timedOut, "timed_out");
        if (late > 0)
        {
            _stepsLate.Add(late);
        }
    }

    private void Count(int steps, string outcome)
    {
        if (steps > 0)
        {
            _steps.Add(steps, new KeyValuePair<string, object?>(CleanupTelemetryNames.OutcomeTag, outcome));
        }
    }
}
