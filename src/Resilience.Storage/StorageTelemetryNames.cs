namespace Resilience.Storage;

/// <summary>Names of the package's telemetry.</summary>
public static class StorageTelemetryNames
{
    /// <summary>The meter.</summary>
    public const string Meter = "Resilience.Storage";

    /// <summary>Tag: how a deletion ended; the names of <see cref="DeletionStatus"/>, and <c>Error</c>.</summary>
    public const string Status = "status";

    /// <summary>Tag: the state of a journal row.</summary>
    public const string State = "state";

    /// <summary>Tag: what a sweep did with a file, or how a sweep ended.</summary>
    public const string Outcome = "outcome";

    /// <summary>Tag: the alert.</summary>
    public const string Alert = "alert";

    /// <summary>Alert: deletions are stuck and need an operator.</summary>
    public const string AlertStuck = "stuck";

    /// <summary>Alert: the last sweep stopped because the picture was implausible.</summary>
    public const string AlertSweep = "sweep_aborted";
}
