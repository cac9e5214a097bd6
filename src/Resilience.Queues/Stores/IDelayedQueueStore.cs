namespace Resilience.Queues;

/// <summary>
/// Where a delayed queue keeps its messages. Every operation is atomic and uses the store's own clock. What an implementation must do is written down as a test
/// suite that the stores in memory and on Redis pass: <c>tests/Resilience.Queues.Tests/Conformance</c>.
/// </summary>
/// <remarks>Implementations are safe for any number of concurrent callers. Batches hold at most <see cref="DelayedQueueOptions.MaxBatchSize"/> elements.</remarks>
/// <typeparam name="T">The type of the items.</typeparam>
public interface IDelayedQueueStore<T> : IAsyncDisposable
{
    /// <summary>Short name of the kind of store, for telemetry.</summary>
    string Backend { get; }

    /// <summary>Connects the store with those who wait. Called once, before anything else.</summary>
    /// <param name="signals">Whom to wake.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>When hints flow. A store that cannot receive hints at the moment completes and goes on trying.</returns>
    ValueTask StartAsync(IQueueSignals signals, CancellationToken cancellationToken = default);

    /// <summary>Size in bytes that counts against <see cref="DelayedQueueOptions.MaxPayloadBytes"/>, or -1 when the store does not know.</summary>
    /// <param name="item">The item.</param>
    /// <returns>Bytes.</returns>
    long MeasurePayload(T item);

    /// <summary>Adds messages, in order, each only while the queue is below its bound and its id is unknown.</summary>
    /// <param name="messages">The messages.</param>
    /// <param name="results">One result for each.</param>
    /// <param name="cancellationToken">Ends the waiting, not necessarily the operation.</param>
    /// <returns>When the decision is made.</returns>
    ValueTask EnqueueAsync(ReadOnlyMemory<NewMessage<T>> messages, Memory<EnqueueResult> results, CancellationToken cancellationToken = default);

    /// <summary>Leases due messages in the order of due time and arrival. A message that was delivered too often goes to the dead letters instead.</summary>
    /// <param name="request">What is asked.</param>
    /// <param name="buffer">Takes the messages; at least <see cref="ClaimRequest.Max"/> long.</param>
    /// <param name="cancellationToken">Ends the waiting, not necessarily the operation; what was claimed meanwhile comes back when its lease ends.</param>
    /// <returns>What was claimed.</returns>
    ValueTask<ClaimResult> ClaimAsync(ClaimRequest request, Memory<ClaimedMessage<T>> buffer, CancellationToken cancellationToken = default);

    /// <summary>Ends deliveries. A stale token changes nothing.</summary>
    /// <param name="settlements">The ends.</param>
    /// <param name="outcomes">One outcome for each.</param>
    /// <param name="cancellationToken">Ends the waiting, not necessarily the operation.</param>
    /// <returns>When it is done.</returns>
    ValueTask SettleAsync(ReadOnlyMemory<Settlement> settlements, Memory<SettlementOutcome> outcomes, CancellationToken cancellationToken = default);

    /// <summary>Makes leases last longer. A stale token changes nothing.</summary>
    /// <param name="extensions">The leases.</param>
    /// <param name="results">For each whether it was the current one.</param>
    /// <param name="cancellationToken">Ends the waiting, not necessarily the operation.</param>
    /// <returns>When it is done.</returns>
    ValueTask ExtendAsync(ReadOnlyMemory<LeaseExtension> extensions, Memory<bool> results, CancellationToken cancellationToken = default);

    /// <summary>Removes a message that is not leased.</summary>
    /// <param name="id">The id.</param>
    /// <param name="cancellationToken">Ends the waiting, not necessarily the operation.</param>
    /// <returns>Whether it was there and not leased.</returns>
    ValueTask<bool> CancelAsync(string id, CancellationToken cancellationToken = default);

    /// <summary>Gives a message that is not leased a new due time.</summary>
    /// <param name="id">The id.</param>
    /// <param name="delay">How long it is invisible from now on.</param>
    /// <param name="cancellationToken">Ends the waiting, not necessarily the operation.</param>
    /// <returns>Whether it was there and not leased.</returns>
    ValueTask<bool> RescheduleAsync(string id, TimeSpan delay, CancellationToken cancellationToken = default);

    /// <summary>Moves one batch of expired messages to the dead letters.</summary>
    /// <param name="request">What is asked.</param>
    /// <param name="cancellationToken">Ends the waiting, not necessarily the operation.</param>
    /// <returns>What was done.</returns>
    ValueTask<CleanupBatch> CleanupAsync(CleanupRequest request, CancellationToken cancellationToken = default);

    /// <summary>Ends a cleanup, so that the next owner need not wait for the lock to run out.</summary>
    /// <param name="owner">Who cleaned.</param>
    /// <param name="cancellationToken">Ends the waiting, not necessarily the operation.</param>
    /// <returns>When it is done.</returns>
    ValueTask EndCleanupAsync(string owner, CancellationToken cancellationToken = default);

    /// <summary>Counts the messages.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>The counts.</returns>
    ValueTask<QueueStats> GetStatsAsync(CancellationToken cancellationToken = default);

    /// <summary>Lists dead letters, the oldest first.</summary>
    /// <param name="after">The number after which to begin; 0 for the beginning.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>The dead letters.</returns>
    ValueTask<IReadOnlyList<DeadLetter<T>>> ListDeadLettersAsync(long after, int limit, CancellationToken cancellationToken = default);

    /// <summary>Puts a dead letter back into the queue, due now, with its counts at zero.</summary>
    /// <param name="id">The id.</param>
    /// <param name="cancellationToken">Ends the waiting, not necessarily the operation.</param>
    /// <returns>What became of it.</returns>
    ValueTask<RedriveStatus> RedriveAsync(string id, CancellationToken cancellationToken = default);

    /// <summary>Removes one dead letter, or all.</summary>
    /// <param name="id">The id, or <see langword="null"/> for all.</param>
    /// <param name="cancellationToken">Ends the waiting, not necessarily the operation.</param>
    /// <returns>How many were removed.</returns>
    ValueTask<long> PurgeAsync(string? id, CancellationToken cancellationToken = default);
}
