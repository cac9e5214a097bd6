namespace Messaging.Scheduling;

/// <summary>
/// A message that is to be sent later, in answers and in the event <c>scheduled</c>. <see cref="State"/> is pending, sent, failed or cancelled;
/// <see cref="Reason"/> says why a failed one was not sent.
/// </summary>
public sealed record ScheduledShape(string Id, string ChannelId, string Text, DateTime DueAt, string State, string? Reason);

/// <summary>What the cleanup route answers.</summary>
public sealed record CleanupShape(long Removed, int Batches, long Remaining, long DurationMs);

/// <summary>A scheduled message that the queue gave up, as an operator sees it: without its text.</summary>
public sealed record DeadLetterShape(
    string Id, string Reason, int Failures, int Deliveries, DateTime EnqueuedAt, DateTime DiedAt, IReadOnlyList<DeadLetterFailure> History);

/// <summary>One failed try.</summary>
public sealed record DeadLetterFailure(DateTime At, string Error);
