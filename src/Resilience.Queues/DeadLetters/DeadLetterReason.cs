namespace Resilience.Queues;

/// <summary>Why a message is a dead letter.</summary>
public enum DeadLetterReason
{
    /// <summary>Its handlers failed as often as is permitted.</summary>
    Failures,

    /// <summary>Its handler said that trying again is of no use.</summary>
    Permanent,

    /// <summary>It was delivered as often as is permitted and never settled: it probably kills its process.</summary>
    Deliveries,

    /// <summary>It lay unclaimed for longer than <see cref="DelayedQueueOptions.MessageTtl"/> after it was due.</summary>
    Expired,

    /// <summary>Its payload could not be read.</summary>
    Payload,
}
