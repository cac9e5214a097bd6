namespace Resilience.Queues.Conformance;

/// <summary>A store that passes everything on, for tests that change one thing: lose hints, fail, hang, count.</summary>
public class StoreDecorator(IDelayedQueueStore<string> inner) : IDelayedQueueStore<string>
{
    public string Backend => inner.Backend;

    public virtual ValueTask StartAsync(IQueueSignals signals, CancellationToken cancellationToken = default) => inner.StartAsync(signals, cancellationToken);

    public long MeasurePayload(string item) => inner.MeasurePayload(item);

    public virtual ValueTask EnqueueAsync(ReadOnlyMemory<NewMessage<string>> messages, Memory<EnqueueResult> results, CancellationToken cancellationToken = default) =>
        inner.EnqueueAsync(messages, results, cancellationToken);

    public virtual ValueTask<ClaimResult> ClaimAsync(ClaimRequest request, Memory<ClaimedMessage<string>> buffer, CancellationToken cancellationToken = default) =>
        inner.ClaimAsync(request, buffer, cancellationToken);

    public virtual ValueTask SettleAsync(ReadOnlyMemory<Settlement> settlements, Memory<SettlementOutcome> outcomes, CancellationToken cancellationToken = default) =>
        inner.SettleAsync(settlements, outcomes, cancellationToken);

    public virtual ValueTask ExtendAsync(ReadOnlyMemory<LeaseExtension> extensions, Memory<bool> results, CancellationToken cancellationToken = default) =>
        inner.ExtendAsync(extensions, results, cancellationToken);

    public ValueTask<bool> CancelAsync(string id, CancellationToken cancellationToken = default) => inner.CancelAsync(id, cancellationToken);

    public ValueTask<bool> RescheduleAsync(string id, TimeSpan delay, CancellationToken cancellationToken = default) =>
        inner.RescheduleAsync(id, delay, cancellationToken);

    public virtual ValueTask<CleanupBatch> CleanupAsync(CleanupRequest request, CancellationToken cancellationToken = default) =>
        inner.CleanupAsync(request, cancellationToken);

    public ValueTask EndCleanupAsync(string owner, CancellationToken cancellationToken = default) => inner.EndCleanupAsync(owner, cancellationToken);

    public virtual ValueTask<QueueStats> GetStatsAsync(CancellationToken cancellationToken = default) => inner.GetStatsAsync(cancellationToken);

    public ValueTask<IReadOnlyList<DeadLetter<string>>> ListDeadLettersAsync(long after, int limit, CancellationToken cancellationToken = default) =>
        inner.ListDeadLettersAsync(after, limit, cancellationToken);

    public ValueTask<RedriveStatus> RedriveAsync(string id, CancellationToken cancellationToken = default) => inner.RedriveAsync(id, cancellationToken);

    public ValueTask<long> PurgeAsync(string? id, CancellationToken cancellationToken = default) => inner.PurgeAsync(id, cancellationToken);

    /// <summary>The inner store outlives the processes that use it; its test disposes it.</summary>
    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }
}
