namespace Resilience.Queues;

/// <summary>What a claim asks of a store.</summary>
/// <param name="Max">How many messages at most; 1 to <see cref="DelayedQueueOptions.MaxBatchSize"/>.</param>
/// <param name="Visibility">How long the leases last from now on.</param>
/// <param name="AllowSuspect">
/// Whether one suspect may be among them: a message whose last delivery ended because its lease ran out, which may have killed its process.
/// </param>
public readonly record struct ClaimRequest(int Max, TimeSpan Visibility, bool AllowSuspect);

/// <summary>What a claim did.</summary>
/// <param name="Count">How many messages were claimed; they are in the buffer, in the order of due time and arrival.</param>
/// <param name="DeadLettered">How many messages went to the dead letters instead, because they were delivered too often.</param>
/// <param name="NextDue">When something may become claimable for the same request: zero = now, <see langword="null"/> = nothing is in sight.</param>
public readonly record struct ClaimResult(int Count, int DeadLettered, TimeSpan? NextDue);
