namespace Resilience.Cleanup;

/// <summary>
/// What a dispatcher notes on a scope that was posted. A scope is posted at most once, because <see cref="TryBegin"/> is won once, so it is its own entry in the queue.
/// </summary>
internal sealed partial class ScopeCore
{
    /// <summary>The clock of <see cref="EndedAt"/>.</summary>
    public TimeProvider Time => environment.Time;

    /// <summary>Timestamp of the post, by the dispatcher's clock.</summary>
    public long PostedAt => Volatile.Read(ref _lastIdOrPost);

    /// <summary>Timestamp of the end by the scope's own clock, once it is Closed.</summary>
    public long EndedAt { get; private set; }

    public bool IsLow { get; private set; }

    /// <summary>How often it was put back; a few times at most. Touched by whoever took the scope out of a claim.</summary>
    public byte Attempts { get; set; }

    /// <summary>For whoever won <see cref="TryBegin"/>, before the scope goes to a queue.</summary>
    public void MarkPosted(long timestamp, bool low)
    {
        Volatile.Write(ref _lastIdOrPost, timestamp);
        IsLow = low;
    }
}
