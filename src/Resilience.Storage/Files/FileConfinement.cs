namespace Resilience.Storage;

/// <summary>How strictly file access is kept inside the root; decided by what the system offers.</summary>
public enum FileConfinement
{
    /// <summary>The kernel resolves each path below a pinned folder and refuses links (Linux 5.6 or later, <c>openat2</c>).</summary>
    Kernel,

    /// <summary>Each component is opened from the one before without following links (older Linux, and containers that forbid <c>openat2</c>).</summary>
    HandleWalk,

    /// <summary>Each component is checked before use. A link that is swapped in between check and use by someone with write access to the root is not caught.</summary>
    BestEffort,
}
