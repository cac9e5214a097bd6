namespace Resilience.TestKit;

/// <summary>An instrument that a <see cref="MetricCollector"/> has seen published.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Kind">counter, updowncounter, histogram or gauge, as in the telemetry tables of the docs.</param>
/// <param name="Unit">Its unit; null when none was given.</param>
/// <param name="Description">Its description; null when none was given.</param>
/// <param name="Observable">Whether it is read by a callback.</param>
public sealed record MetricInstrument(string Name, string Kind, string? Unit, string? Description, bool Observable);
