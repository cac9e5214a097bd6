namespace Resilience.Cleanup;

/// <summary>An alert of the dispatcher was raised or cleared.</summary>
/// <param name="Name">One of <c>breaker</c>, <c>backlog</c>, <c>stuck_worker</c>, <c>lane_full</c>, <c>lane_failed</c>.</param>
/// <param name="IsActive">True when it was raised, false when it was cleared.</param>
/// <param name="Description">What happened.</param>
public sealed record CleanupAlert(string Name, bool IsActive, string Description);
