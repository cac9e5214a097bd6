using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Resilience.Sse;

/// <summary>Unhealthy when the wheel stands still for three seconds and one turn more, Degraded while draining, nearly full, or under an alert. Thread-safe.</summary>
internal sealed class SseHealthCheck(SseNode node, SseDrain drain) : IHealthCheck
{
    private const long StandstillMs = 3 * Wheel.TurnMs;
    private const double NearlyFull = 0.9;

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var standsStill = await StandsStillAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        var data = Data();
        if (standsStill)
        {
            return new HealthCheckResult(context.Registration.FailureStatus, "The wheel stands still: no heartbeats, no limits of time.", null, data);
        }

        var problems = new List<string>();
        if (drain.IsDraining)
        {
            problems.Add("draining");
        }

        if (node.Limiter.Count >= node.Options.MaxConnections * NearlyFull)
        {
            problems.Add($"{node.Limiter.Count} of {node.Options.MaxConnections} connections");
        }

        if (node.Alerts.ErrorRatioActive)
        {
            problems.Add($"error ratio {node.Alerts.ErrorRatio:P1}");
        }

        if (node.Alerts.ForwardingHeadersActive)
        {
            problems.Add("forwarding headers are not processed");
        }

        return problems.Count == 0
            ? HealthCheckResult.Healthy("Streams run.", data)
            : HealthCheckResult.Degraded(string.Join(", ", problems), null, data);
    }

    private bool IsLate() => node.Clock.Now - node.LastTurn > StandstillMs;

    /// <summary>
    /// After a pause of the whole machine a probe may come before the wheel's timer does: a wheel that is late has the time of one turn to show that it turns.
    /// </summary>
    private async ValueTask<bool> StandsStillAsync(CancellationToken cancellationToken)
    {
        if (!IsLate())
        {
            return false;
        }

        var turned = node.WhenTurnedAsync();
        Systematic.Interleave("sse.health.late");
        if (IsLate())
        {
            try
            {
                await turned.WaitAsync(TimeSpan.FromMilliseconds(Wheel.TurnMs), node.Clock.Time, cancellationToken).ConfigureAwait(Systematic.KeepContext);
            }
            catch (TimeoutException)
            {
                // Seen below.
            }
        }

        return IsLate();
    }

    private Dictionary<string, object> Data()
    {
        var sums = node.Statistics();
        var data = new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["active"] = sums.Active,
            ["opened"] = sums.Opened,
            ["openedPerSecond"] = node.Alerts.OpenedPerSecond,
            ["stale"] = sums.Stale,
            ["eventsPublished"] = sums.EventsPublished,
            ["eventsSent"] = sums.EventsSent,
            ["bytesSent"] = sums.BytesSent,
            ["historyBytes"] = sums.HistoryBytes,
            ["channels"] = sums.Channels,
            ["errorRatio"] = sums.ErrorRatio,
        };
        Add(data, "closed", sums.Closed);
        Add(data, "rejected", sums.Rejected);
        Add(data, "errors", sums.Errors);
        return data;
    }

    private static void Add(Dictionary<string, object> data, string name, IReadOnlyDictionary<string, long> values)
    {
        foreach (var (key, value) in values)
        {
            data[$"{name}.{key}"] = value;
        }
    }
}
