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
