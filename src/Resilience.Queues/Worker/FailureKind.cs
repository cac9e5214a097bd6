namespace Resilience.Queues;

/// <summary>Whether trying again can help.</summary>
public enum FailureKind
{
    /// <summary>It can: the message is tried again, as often as is permitted.</summary>
    Retryable,

    /// <summary>It cannot: the message becomes a dead letter at once.</summary>
    Permanent,
}
