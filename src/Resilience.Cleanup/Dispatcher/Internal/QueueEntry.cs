namespace Resilience.Cleanup;

/// <summary>A posted scope on its way to the end.</summary>
internal sealed class QueueEntry(ScopeCore core, long postedAt, bool low)
{
    public ScopeCore Core { get; } = core;

    /// <summary>Timestamp of the post.</summary>
    public long PostedAt { get; } = postedAt;

    public bool IsLow { get; } = low;

    /// <summary>How often it was put back. Touched by whoever took the entry out of a claim.</summary>
    public int Attempts { get; set; }
}
