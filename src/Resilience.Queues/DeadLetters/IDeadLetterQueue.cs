namespace Resilience.Queues;

/// <summary>What became of a dead letter that was to be delivered again.</summary>
public enum RedriveStatus
{
    /// <summary>It is in the queue again, due now, with its counts at zero and its history kept.</summary>
    Redriven,

    /// <summary>There is no dead letter with this id.</summary>
    NotFound,

    /// <summary>The queue is full; the dead letter stays.</summary>
    Full,

    /// <summary>A message with this id is in the queue; the dead letter stays.</summary>
    Duplicate,
}

/// <summary>
/// The messages of a queue that failed for good. At most <see cref="DelayedQueueOptions.MaxDeadLetters"/> are kept; then the oldest leaves, is counted, and an
/// alert is raised. Thread-safe.
/// </summary>
/// <typeparam name="T">The type of the items.</typeparam>
public interface IDeadLetterQueue<T>
{
    /// <summary>Lists dead letters, the oldest first.</summary>
    /// <param name="after">The <see cref="DeadLetter{T}.Number"/> after which to begin; 0 for the beginning.</param>
    /// <param name="limit">How many at most; 1 to 200.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>The dead letters.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="limit"/> is outside its bounds.</exception>
    ValueTask<IReadOnlyList<DeadLetter<T>>> ListAsync(long after = 0, int limit = 50, CancellationToken cancellationToken = default);

    /// <summary>Puts a dead letter back into the queue, due now. The bound of the queue holds for it.</summary>
    /// <param name="id">The id.</param>
    /// <param name="cancellationToken">Ends the waiting, not necessarily the operation.</param>
    /// <returns>What became of it.</returns>
    ValueTask<RedriveStatus> RedriveAsync(string id, CancellationToken cancellationToken = default);

    /// <summary>Removes one dead letter.</summary>
    /// <param name="id">The id.</param>
    /// <param name="cancellationToken">Ends the waiting, not necessarily the operation.</param>
    /// <returns>Whether it was there.</returns>
    ValueTask<bool> PurgeAsync(string id, CancellationToken cancellationToken = default);

    /// <summary>Removes all dead letters.</summary>
    /// <param name="cancellationToken">Ends the waiting, not necessarily the operation.</param>
    /// <returns>How many were removed.</returns>
    ValueTask<long> PurgeAllAsync(CancellationToken cancellationToken = default);
}
