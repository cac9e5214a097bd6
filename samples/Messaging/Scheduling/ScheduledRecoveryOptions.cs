namespace Messaging.Scheduling;

/// <summary>The section <c>Queue:Recovery</c>.</summary>
internal sealed class ScheduledRecoveryOptions
{
    /// <summary>How often the rows are looked at for what the queue lost.</summary>
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(30);
}
