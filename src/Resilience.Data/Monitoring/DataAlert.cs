namespace Resilience.Data;

/// <summary>An alert that was raised or cleared.</summary>
/// <param name="Name">One of the names in <see cref="DataTelemetryNames"/>.</param>
/// <param name="IsActive">Whether it was raised.</param>
public readonly record struct DataAlert(string Name, bool IsActive);
