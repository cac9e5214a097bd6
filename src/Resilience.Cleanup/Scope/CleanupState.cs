namespace Resilience.Cleanup;

/// <summary>Where a scope is in its life. It only ever moves forward.</summary>
public enum CleanupState
{
    /// <summary>Takes registrations.</summary>
    Open,

    /// <summary>Closing was decided; steps are waiting to run or running. What is registered now runs at once.</summary>
    Closing,

    /// <summary>Every step ended or was given up; the report is final.</summary>
    Closed,
}
