namespace Resilience.Queues;

/// <summary>
/// One lease of one message. Settle it once; the first settlement counts, later ones and those of a lease that somebody else has taken over return false and
/// change nothing. Thread-safe.
/// </summary>
/// <typeparam name="T">The type of the item.</typeparam>
public sealed class Delivery<T>
{
    private readonly DelayedQueue<T> _queue;
    private readonly MessageKey _key;

    internal Delivery(DelayedQueue<T> queue, in ClaimedMessage<T> message, long leasedAt)
    {
        LeasedAt = leasedAt;
        _queue = queue;
        _key = message.Key;
        Token = message.Token;
        Item = message.Item;
        Failures = message.Failures;
        Deliveries = message.Deliveries;
        IsSuspect = message.IsSuspect;
        EnqueuedAt = message.EnqueuedAt;
        DueAt = message.DueAt;
        Lateness = message.Lateness;
        TraceParent = message.TraceParent;
        TraceState = message.TraceState;
    }

    /// <summary>The item.</summary>
    public T Item { get; }

    /// <summary>The id of the message.</summary>
    public string Id => _key.ToString();

    /// <summary>Which try this is, counted by the failures that handlers reported: 1 for the first.</summary>
    public int Attempt => Failures + 1;

    /// <summary>Failures that handlers reported before.</summary>
    public int Failures { get; }

    /// <summary>Deliveries, this one and those that ended with a crash included.</summary>
    public int Deliveries { get; }

    /// <summary>Whether the last delivery ended because its lease ran out. A process gets one suspect of a queue at a time.</summary>
    public bool IsSuspect { get; }

    /// <summary>When the message was enqueued, by the clock of the store.</summary>
    public DateTimeOffset EnqueuedAt { get; }

    /// <summary>When it was due, by the clock of the store; after a retry: due again.</summary>
    public DateTimeOffset DueAt { get; }

    /// <summary>How long after its due time it was claimed.</summary>
    public TimeSpan Lateness { get; }

    /// <summary>The W3C trace parent of who enqueued it, or <see langword="null"/>.</summary>
    public string? TraceParent { get; }

    /// <summary>The W3C trace state of who enqueued it, or <see langword="null"/>.</summary>
    public string? TraceState { get; }

    internal long Token { get; }

    /// <summary>The timestamp before the store was asked for the lease.</summary>
    internal long LeasedAt { get; }

    internal MessageKey Key => _key;

    /// <summary>Done: the message leaves the queue.</summary>
    /// <param name="cancellationToken">Ends the waiting, not necessarily the operation.</param>
    /// <returns>Whether this lease was the current one.</returns>
    public ValueTask<bool> AcknowledgeAsync(CancellationToken cancellationToken = default) =>
        SettleAsync(SettlementKind.Acknowledge, default, default, null, cancellationToken);

    /// <summary>Failed: the message is tried again, or becomes a dead letter when this was the last permitted failure. The bound of the queue plays no part.</summary>
    /// <param name="delay">
    /// How long until then, at most <see cref="DelayedQueueOptions.MaxDelay"/>; <see langword="null"/> for the policy of the options: 2, 4, 8, 16, 32 s.
    /// </param>
    /// <param name="error">What is kept in the history; shortened to <see cref="DelayedQueueOptions.MaxErrorLength"/> characters.</param>
    /// <param name="cancellationToken">Ends the waiting, not necessarily the operation.</param>
    /// <returns>Whether this lease was the current one.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="delay"/> is outside its bounds.</exception>
    public ValueTask<bool> RetryAsync(TimeSpan? delay = null, string? error = null, CancellationToken cancellationToken = default) =>
        SettleAsync(SettlementKind.Retry, _queue.RetryDelay(Failures, delay), default, error, cancellationToken);

    /// <summary>Failed for good: the message becomes a dead letter.</summary>
    /// <param name="error">What is kept in the history.</param>
    /// <param name="reason">Why.</param>
    /// <param name="cancellationToken">Ends the waiting, not necessarily the operation.</param>
    /// <returns>Whether this lease was the current one.</returns>
    public ValueTask<bool> DeadLetterAsync(
        string? error = null,
        DeadLetterReason reason = DeadLetterReason.Permanent,
        CancellationToken cancellationToken = default) =>
        SettleAsync(SettlementKind.DeadLetter, default, reason, error, cancellationToken);

    /// <summary>Given back: the message is visible at once, and this delivery is not counted.</summary>
    /// <param name="cancellationToken">Ends the waiting, not necessarily the operation.</param>
    /// <returns>Whether this lease was the current one.</returns>
    public ValueTask<bool> ReleaseAsync(CancellationToken cancellationToken = default) =>
        SettleAsync(SettlementKind.Release, default, default, null, cancellationToken);

    /// <summary>Makes the lease last longer.</summary>
    /// <param name="by">How long it lasts from now on; 1 ms to 12 h.</param>
    /// <param name="cancellationToken">Ends the waiting, not necessarily the operation.</param>
    /// <returns>Whether this lease was the current one.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="by"/> is outside its bounds.</exception>
    public ValueTask<bool> ExtendAsync(TimeSpan by, CancellationToken cancellationToken = default) => _queue.ExtendAsync(this, by, cancellationToken);

    private ValueTask<bool> SettleAsync(SettlementKind kind, TimeSpan delay, DeadLetterReason reason, string? error, CancellationToken cancellationToken) =>
        _queue.SettleAsync(this, new Settlement(_key, Token, kind, delay, reason, _queue.Shorten(error)), cancellationToken);
}
