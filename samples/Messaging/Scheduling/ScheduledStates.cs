namespace Messaging.Scheduling;

/// <summary>The states of a scheduled message. It leaves <see cref="Pending"/> once, by whoever comes first.</summary>
internal static class ScheduledStates
{
    internal const string Pending = "pending";
    internal const string Sent = "sent";
    internal const string Failed = "failed";
    internal const string Cancelled = "cancelled";
}
