namespace Resilience.Queues;

/// <summary>Options of <see cref="CleanupTrigger"/>. Bind them to the section of your choice; they may change while the application runs.</summary>
public sealed class CleanupTriggerOptions
{
    /// <summary>The secret that a caller must present.</summary>
    /// <value>None by default: nobody may trigger a cleanup.</value>
    public string? Secret { get; set; }

    /// <summary>The secret before the last rotation, which is accepted too.</summary>
    /// <value>None by default.</value>
    public string? PreviousSecret { get; set; }
}
