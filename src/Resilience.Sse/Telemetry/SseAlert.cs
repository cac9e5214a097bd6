namespace Resilience.Sse;

/// <summary>An alert of the manager that was raised or cleared. Immutable.</summary>
/// <param name="Name">Which alert: <c>error_ratio</c> or <c>forwarding_headers</c>.</param>
/// <param name="Active">True when it was raised, false when it was cleared.</param>
/// <param name="Value">The value that decided.</param>
public readonly record struct SseAlert(string Name, bool Active, double Value);
