namespace Resilience.Queues;

/// <summary>
/// How a store wakes those who wait. Signals are hints: a lost one costs at most <see cref="DelayedQueueOptions.MaxIdlePoll"/>, a superfluous one a look at the
/// store. Call from any thread, not under a lock.
/// </summary>
public interface IQueueSignals
{
    /// <summary>Something may be claimable earlier than was known.</summary>
    void WorkAvailable();

    /// <summary>There may be space again in a queue that was full.</summary>
    void SpaceAvailable();

    /// <summary>Dead letters had to leave because there were too many.</summary>
    /// <param name="count">How many.</param>
    void DeadLettersDropped(int count);
}
