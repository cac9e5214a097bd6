namespace Resilience.Queues;

/// <summary>What can be done with a queue whatever its items are. Thread-safe.</summary>
public interface IDelayedQueue
{
    /// <summary>The name of the queue.</summary>
    string Name { get; }

    /// <summary>Removes a message that is not being handled.</summary>
    /// <param name="id">The id.</param>
    /// <param name="cancellationToken">Ends the waiting, not necessarily the operation.</param>
    /// <returns>
    /// True when it was in the queue and is gone: it will not be delivered. False when it is leased or unknown. Of a delivery and a cancellation that meet,
    /// exactly one happens.
    /// </returns>
    ValueTask<bool> CancelAsync(string id, CancellationToken cancellationToken = default);

    /// <summary>Gives a message that is not being handled a new due time.</summary>
    /// <param name="id">The id.</param>
    /// <param name="delay">How long it is invisible from now on; zero to <see cref="DelayedQueueOptions.MaxDelay"/>.</param>
    /// <param name="cancellationToken">Ends the waiting, not necessarily the operation.</param>
    /// <returns>Whether it was in the queue and not leased.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="delay"/> is outside its bounds.</exception>
    ValueTask<bool> RescheduleAsync(string id, TimeSpan delay, CancellationToken cancellationToken = default);

    /// <summary>Moves expired messages to the dead letters now, in batches, within <see cref="DelayedQueueOptions.CleanupTimeBudget"/>.</summary>
    /// <param name="cancellationToken">Ends the run between two batches; what is done stays done.</param>
    /// <returns>What was done. One run at a time: a second one is answered with <see cref="CleanupStatus.AlreadyRunning"/>.</returns>
    ValueTask<CleanupReport> CleanupAsync(CancellationToken cancellationToken = default);

    /// <summary>Counts the messages now.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>The counts.</returns>
    ValueTask<QueueStats> GetStatsAsync(CancellationToken cancellationToken = default);
}

/// <summary>
/// A bounded queue of messages that become visible when they are due, are leased to those who claim them, and come back unless they are settled: at least once.
/// Thread-safe. See <c>docs/queues.md</c>.
/// </summary>
/// <typeparam name="T">The type of the items.</typeparam>
public interface IDelayedQueue<T> : IDelayedQueue
{
    /// <summary>The messages that failed for good.</summary>
    IDeadLetterQueue<T> DeadLetters { get; }

    /// <summary>Adds a message.</summary>
    /// <param name="item">What is delivered. In memory it is not copied: do not change it afterwards.</param>
    /// <param name="options">Delay and id, or <see langword="null"/>: due now, with an id of the queue's own.</param>
    /// <param name="cancellationToken">Ends the waiting, not necessarily the operation.</param>
    /// <returns>What became of it. A full queue is a result and no exception; see <see cref="EnqueueResult.EnsureAccepted"/>.</returns>
    /// <exception cref="PayloadTooLargeException">The payload is larger than <see cref="DelayedQueueOptions.MaxPayloadBytes"/>.</exception>
    /// <exception cref="ArgumentException">The id is not permitted.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The delay is negative or above <see cref="DelayedQueueOptions.MaxDelay"/>.</exception>
    /// <remarks>When the store cannot be reached, its exception comes through, and the message may or may not be in the queue: give an id and enqueue again.</remarks>
    ValueTask<EnqueueResult> EnqueueAsync(T item, EnqueueOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Adds messages in order, up to <see cref="DelayedQueueOptions.MaxBatchSize"/> in one operation of the store.</summary>
    /// <param name="requests">The messages.</param>
    /// <param name="cancellationToken">Ends the waiting, not necessarily the operation.</param>
    /// <returns>One result for each, in order. Some may be accepted and others not.</returns>
    /// <exception cref="ArgumentException">
    /// One of the messages is not permitted. None of its operation was added; a store that learns sizes by writing may have added earlier operations of the batch.
    /// </exception>
    ValueTask<IReadOnlyList<EnqueueResult>> EnqueueBatchAsync(ReadOnlyMemory<EnqueueRequest<T>> requests, CancellationToken cancellationToken = default);

    /// <summary>Leases due messages.</summary>
    /// <param name="max">How many at most; 1 or more, and never more than <see cref="DelayedQueueOptions.MaxBatchSize"/> come.</param>
    /// <param name="wait">
    /// How long to wait for the first one; zero looks once, <see cref="Timeout.InfiniteTimeSpan"/> waits until cancelled. Waiting callers of one process are
    /// served in the order in which they came.
    /// </param>
    /// <param name="cancellationToken">Ends the waiting. What has been claimed is returned all the same.</param>
    /// <returns>The deliveries in the order of due time and arrival; empty when nothing became due in time. At most one of them is a suspect.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="max"/> or <paramref name="wait"/> is outside its bounds.</exception>
    /// <exception cref="ObjectDisposedException">The container was disposed while the call waited.</exception>
    ValueTask<IReadOnlyList<Delivery<T>>> ClaimAsync(int max, TimeSpan wait, CancellationToken cancellationToken = default);

    /// <summary>Acknowledges many deliveries, up to <see cref="DelayedQueueOptions.MaxBatchSize"/> in one operation of the store.</summary>
    /// <param name="deliveries">Deliveries of this queue.</param>
    /// <param name="cancellationToken">Ends the waiting, not necessarily the operation.</param>
    /// <returns>How many had a current token; the others were redelivered meanwhile, and nothing was changed for them.</returns>
    ValueTask<int> AcknowledgeAsync(IReadOnlyList<Delivery<T>> deliveries, CancellationToken cancellationToken = default);
}
