namespace Resilience.Queues;

/// <summary>How a delivery ends.</summary>
public enum SettlementKind
{
    /// <summary>Done: the message leaves the queue.</summary>
    Acknowledge,

    /// <summary>Failed: again after a delay, or to the dead letters when it was the last permitted failure.</summary>
    Retry,

    /// <summary>Failed for good: to the dead letters.</summary>
    DeadLetter,

    /// <summary>Given back: the message is as it was before the claim, the delivery is not counted.</summary>
    Release,
}

/// <summary>The end of one delivery, for a store.</summary>
/// <param name="Key">Which message.</param>
/// <param name="Token">The token of the lease.</param>
/// <param name="Kind">How it ends.</param>
/// <param name="Delay">For <see cref="SettlementKind.Retry"/>: how long the message is invisible.</param>
/// <param name="Reason">For <see cref="SettlementKind.DeadLetter"/>: why.</param>
/// <param name="Error">What is kept in the history; at most <see cref="DelayedQueueOptions.MaxErrorLength"/> characters, or <see langword="null"/>.</param>
public readonly record struct Settlement(MessageKey Key, long Token, SettlementKind Kind, TimeSpan Delay, DeadLetterReason Reason, string? Error);

/// <summary>What a settlement did.</summary>
public enum SettlementOutcome
{
    /// <summary>Nothing: the token is not the current one.</summary>
    Stale,

    /// <summary>What was asked.</summary>
    Applied,

    /// <summary>The message went to the dead letters.</summary>
    DeadLettered,
}

/// <summary>Asks for a lease to last longer.</summary>
/// <param name="Key">Which message.</param>
/// <param name="Token">The token of the lease.</param>
/// <param name="By">How long it lasts from now on.</param>
public readonly record struct LeaseExtension(MessageKey Key, long Token, TimeSpan By);
