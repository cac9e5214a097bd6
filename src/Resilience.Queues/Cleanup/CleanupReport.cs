namespace Resilience.Queues;

/// <summary>How a run of the cleanup ended.</summary>
public enum CleanupStatus
{
    /// <summary>It ran; what did not fit into the time budget goes with the next run.</summary>
    Completed,

    /// <summary>Another run is going on; this one did nothing.</summary>
    AlreadyRunning,
}

/// <summary>What a run of the cleanup did.</summary>
/// <param name="Status">How it ended.</param>
/// <param name="Removed">Messages that were moved to the dead letters.</param>
/// <param name="Batches">Batches in which they were moved.</param>
/// <param name="Remaining">Expired messages that are left for the next run.</param>
/// <param name="Duration">How long it took.</param>
public readonly record struct CleanupReport(CleanupStatus Status, long Removed, int Batches, long Remaining, TimeSpan Duration);
