namespace Resilience.Data;

/// <summary>How a guarded transaction ended.</summary>
public enum GuardOutcome
{
    /// <summary>Committed.</summary>
    Applied,

    /// <summary>A row that the change requires was not there (or a forbidden one was) at the moment of the change; nothing was changed.</summary>
    Denied,

    /// <summary>A row to be changed was not there; nothing was changed.</summary>
    NotFound,

    /// <summary>The change touched another number of rows than the plan expects; nothing was changed.</summary>
    Conflict,

    /// <summary>A lock was not free in time, or every attempt met a deadlock or serialisation failure; nothing was changed. The caller may try again later.</summary>
    Busy,

    /// <summary>The connection broke while committing: the change may or may not stand. It was not run again.</summary>
    CommitUnknown,
}
