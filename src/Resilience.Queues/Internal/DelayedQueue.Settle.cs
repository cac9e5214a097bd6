using System.Buffers;
using Resilience.Shared;

namespace Resilience.Queues;

internal sealed partial class DelayedQueue<T>
{
    public async ValueTask<int> AcknowledgeAsync(IReadOnlyList<Delivery<T>> deliveries, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(deliveries);
        var size = Math.Min(deliveries.Count, _options.MaxBatchSize);
        var settlements = ArrayPool<Settlement>.Shared.Rent(Math.Max(1, size));
        var outcomes = ArrayPool<SettlementOutcome>.Shared.Rent(Math.Max(1, size));
        var acknowledged = 0;
        try
        {
            for (var start = 0; start < deliveries.Count; start += size)
            {
                var count = Math.Min(size, deliveries.Count - start);
                for (var i = 0; i < count; i++)
                {
                    var delivery = deliveries[start + i];
                    settlements[i] = new Settlement(delivery.Key, delivery.Token, SettlementKind.Acknowledge, default, default, null);
                }

                await SettleBatchAsync(settlements.AsMemory(0, count), outcomes.AsMemory(0, count), cancellationToken)
                    .ConfigureAwait(Systematic.KeepContext);
                acknowledged += count - outcomes.AsSpan(0, count).Count(SettlementOutcome.Stale);
            }

            return acknowledged;
        }
        finally
        {
            ArrayPool<Settlement>.Shared.Return(settlements, clearArray: true);
            ArrayPool<SettlementOutcome>.Shared.Return(outcomes);
        }
    }

    /// <summary>Ends up to a batch of deliveries, counts the outcomes and frees the suspect's slot.</summary>
    internal async ValueTask SettleBatchAsync(ReadOnlyMemory<Settlement> settlements, Memory<SettlementOutcome> outcomes, CancellationToken cancellationToken)
    {
        await _store.SettleAsync(settlements, outcomes, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        var freed = false;
        for (var i = 0; i < settlements.Length; i++)
        {
            var settlement = settlements.Span[i];
            freed |= _suspect.Free(settlement.Token);
            var reason = settlement.Kind == SettlementKind.Retry ? DeadLetterReason.Failures : settlement.Reason;
            Tell(settlement.Kind, reason, outcomes.Span[i]);
        }

        if (freed)
        {
            // The next suspect may be waiting for the slot; no store sends a hint for that.
            _work.Set();
        }
    }

    /// <summary>A listener's fault must not look like the store's: what is settled is settled.</summary>
    private void Tell(SettlementKind kind, DeadLetterReason reason, SettlementOutcome outcome)
    {
        try
        {
            Monitor.Settled(kind, reason, outcome);
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            // There is nobody left to tell.
        }
    }

    internal async ValueTask<bool> SettleAsync(Delivery<T> delivery, Settlement settlement, CancellationToken cancellationToken)
    {
        Systematic.Interleave("queue.settle");
        var settlements = ArrayPool<Settlement>.Shared.Rent(1);
        var outcomes = ArrayPool<SettlementOutcome>.Shared.Rent(1);
        try
        {
            settlements[0] = settlement;
            await SettleBatchAsync(settlements.AsMemory(0, 1), outcomes.AsMemory(0, 1), cancellationToken).ConfigureAwait(Systematic.KeepContext);
            return outcomes[0] != SettlementOutcome.Stale;
        }
        finally
        {
            ArrayPool<Settlement>.Shared.Return(settlements, clearArray: true);
            ArrayPool<SettlementOutcome>.Shared.Return(outcomes);
        }
    }

    internal async ValueTask<bool> ExtendAsync(Delivery<T> delivery, TimeSpan by, CancellationToken cancellationToken)
    {
        if (by < TimeSpan.FromMilliseconds(1) || by > TimeSpan.FromHours(12))
        {
            throw new ArgumentOutOfRangeException(nameof(by), by, "Extend a lease by 1 ms to 12 h.");
        }

        var results = new bool[1];
        await ExtendBatchAsync(new[] { new LeaseExtension(delivery.Key, delivery.Token, by) }, results, cancellationToken)
            .ConfigureAwait(Systematic.KeepContext);
        return results[0];
    }

    internal async ValueTask ExtendBatchAsync(ReadOnlyMemory<LeaseExtension> extensions, Memory<bool> results, CancellationToken cancellationToken)
    {
        await _store.ExtendAsync(extensions, results, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        for (var i = 0; i < extensions.Length; i++)
        {
            if (results.Span[i])
            {
                _suspect.Extend(extensions.Span[i].Token, extensions.Span[i].By);
            }
        }
    }
}
