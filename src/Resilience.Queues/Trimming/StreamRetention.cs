namespace Resilience.Queues;

/// <summary>What a consumer group's position protects.</summary>
public enum GroupSafety
{
    /// <summary>What a group has not read and acknowledged stays, up to the hard cap.</summary>
    Acknowledged,

    /// <summary>What a group has not read stays, up to the hard cap; what it read may go, acknowledged or not.</summary>
    Delivered,

    /// <summary>Groups protect nothing; <c>XADD MAXLEN ~</c> does the same for less.</summary>
    None,
}

/// <summary>How much of one stream is kept. Immutable once it is registered.</summary>
public sealed class StreamRetention
{
    /// <summary>Entries that are kept at least; up to one node of the stream (100 entries by Redis' default) more stay.</summary>
    /// <value>1 to 100,000,000; 50,000 by default.</value>
    public long MaxLength { get; set; } = 50_000;

    /// <summary>Entries older than this go, however few there are, judged by their ids and the server's clock.</summary>
    /// <value>1 s or longer; none by default.</value>
    public TimeSpan? MaxAge { get; set; }

    /// <summary>What groups protect.</summary>
    /// <value><see cref="GroupSafety.Acknowledged"/> by default.</value>
    public GroupSafety Safety { get; set; } = GroupSafety.Acknowledged;

    /// <summary>The length above which entries go even when a group has not read them: loudly, with an Error, an alert and a count.</summary>
    /// <value><see cref="MaxLength"/> or more; 4 times <see cref="MaxLength"/> by default.</value>
    public long? HardMaxLength { get; set; }

    /// <summary>A group that has neither moved nor been asked for this long protects nothing any more.</summary>
    /// <value>1 min or longer; none by default: only the hard cap ends the protection.</value>
    public TimeSpan? StaleGroupAfter { get; set; }

    internal long HardLimit => HardMaxLength ?? 4 * MaxLength;

    internal IEnumerable<string> Problems(string stream)
    {
        if (MaxLength is < 1 or > 100_000_000)
        {
            yield return $"MaxLength of stream '{stream}' is {MaxLength}; set it between 1 and 100000000.";
        }

        if (HardMaxLength < MaxLength)
        {
            yield return $"HardMaxLength of stream '{stream}' is {HardMaxLength} and MaxLength {MaxLength}; set HardMaxLength to at least MaxLength.";
        }

        if (MaxAge < TimeSpan.FromSeconds(1))
        {
            yield return $"MaxAge of stream '{stream}' is {MaxAge}; set it to at least 00:00:01.";
        }

        if (StaleGroupAfter < TimeSpan.FromMinutes(1))
        {
            yield return $"StaleGroupAfter of stream '{stream}' is {StaleGroupAfter}; set it to at least 00:01:00.";
        }

        if (!Enum.IsDefined(Safety))
        {
            yield return $"Safety of stream '{stream}' is {Safety}; set it to Acknowledged, Delivered or None.";
        }
    }
}
