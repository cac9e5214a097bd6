namespace Resilience.Queues;

/// <summary>One step of a cleanup, for a store.</summary>
/// <param name="Ttl">How long a message may lie unclaimed after it was due.</param>
/// <param name="Max">How many messages the step moves at most.</param>
/// <param name="Owner">Who cleans: another owner is refused until this one ends or its lock runs out.</param>
public readonly record struct CleanupRequest(TimeSpan Ttl, int Max, string Owner);

/// <summary>What one step of a cleanup did.</summary>
/// <param name="Busy">Whether somebody else is cleaning; then nothing was done.</param>
/// <param name="Removed">Messages that were moved to the dead letters.</param>
/// <param name="Remaining">Expired messages that are left.</param>
public readonly record struct CleanupBatch(bool Busy, int Removed, long Remaining);
