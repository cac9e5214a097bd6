namespace Resilience.Queues;

/// <summary>The change of an alert, as given to the callback of the options.</summary>
/// <param name="Source">The name of the queue or of the stream trimmer.</param>
/// <param name="Name">The name of the alert; one of <see cref="QueuesTelemetryNames"/>.</param>
/// <param name="Active">Whether it was raised; otherwise it cleared.</param>
/// <param name="Value">The value that made the change.</param>
public readonly record struct QueueAlert(string Source, string Name, bool Active, double Value);
