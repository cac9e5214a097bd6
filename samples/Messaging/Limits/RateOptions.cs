namespace Messaging.Limits;

/// <summary>A bucket of turns: so many at once, and so many come back in a minute.</summary>
internal sealed class RateOptions
{
    /// <value>Turns at once, at least 1.</value>
    public int Burst { get; set; } = 1;

    /// <value>Turns that come back in a minute, at least 1.</value>
    public int PerMinute { get; set; } = 1;

    internal bool IsValid => Burst >= 1 && PerMinute >= 1;
}
