using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Resilience.Shared;

namespace Resilience.Queues;

/// <summary>The alerts of one queue or trimmer: a change is logged once, shown by the gauge and told to the application. Thread-safe.</summary>
internal sealed class AlertBoard(
    string source,
    KeyValuePair<string, object?> sourceTag,
    Gauge<int> gauge,
    ILogger logger,
    Action<QueueAlert>? callback)
{
    private readonly List<Alert> _alerts = [];

    public IReadOnlyList<string> Active => [.. _alerts.Where(static alert => alert.IsActive).Select(static alert => alert.Name)];

    /// <summary>Adds an alert; only while the owner is being built.</summary>
    public Alert Add(string name, double raiseAt, double clearBelow)
    {
        var alert = new Alert(name, raiseAt, clearBelow);
        _alerts.Add(alert);
        return alert;
    }

    public void Report(Alert alert, AlertChange change, double value)
    {
        if (change == AlertChange.None)
        {
            return;
        }

        var raised = change == AlertChange.Raised;
        if (raised)
        {
            QueuesLog.AlertRaised(logger, source, alert.Name, value);
        }
        else
        {
            QueuesLog.AlertCleared(logger, source, alert.Name, value);
        }

        Show(alert);
        if (callback is null)
        {
            return;
        }

#pragma warning disable CA1031 // The callback is the application's: whatever it throws must not end the loop that called it.
        try
        {
            callback(new QueueAlert(source, alert.Name, raised, value));
        }
        catch (Exception error)
        {
            QueuesLog.AlertCallbackFailed(logger, error, source, alert.Name);
        }
#pragma warning restore CA1031
    }

    /// <summary>Shows every alert, raised or not.</summary>
    public void Publish()
    {
        foreach (var alert in _alerts)
        {
            Show(alert);
        }
    }

    private void Show(Alert alert) => gauge.Record(alert.IsActive ? 1 : 0, sourceTag, new(QueuesTelemetryNames.AlertTag, alert.Name));
}
