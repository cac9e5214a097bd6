namespace Resilience.Queues;

/// <summary>How an attempt to trigger a cleanup ended. In brackets the HTTP status that fits.</summary>
public enum CleanupTriggerStatus
{
    /// <summary>It ran (200).</summary>
    Completed,

    /// <summary>No secret is configured, so there is nothing to trigger (404).</summary>
    NotConfigured,

    /// <summary>The secret is missing or wrong (401).</summary>
    Unauthorized,

    /// <summary>A run is going on (409).</summary>
    AlreadyRunning,
}

/// <summary>The outcome of <see cref="CleanupTrigger.TryRunAsync"/>.</summary>
/// <param name="Status">How it ended.</param>
/// <param name="Report">What was done; empty unless it ran.</param>
public readonly record struct CleanupTriggerResult(CleanupTriggerStatus Status, CleanupReport Report);
