using System.Buffers;
using Resilience.Shared;

namespace Resilience.Queues;

internal sealed partial class DelayedQueue<T>
{
    public async ValueTask<IReadOnlyList<Delivery<T>>> ClaimAsync(int max, TimeSpan wait, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(max, 1);
        if (wait < TimeSpan.Zero && wait != Timeout.InfiniteTimeSpan)
        {
            throw new ArgumentOutOfRangeException(nameof(wait), wait, "Wait zero or longer, or Timeout.InfiniteTimeSpan.");
        }

        await StartAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        if (wait == TimeSpan.Zero)
        {
            var (now, _) = await ClaimOnceAsync(max).ConfigureAwait(Systematic.KeepContext);
            return now;
        }

        var began = _time.GetTimestamp();
        if (!await _claimLine.EnterAsync(Bounded(wait), cancellationToken).ConfigureAwait(Systematic.KeepContext))
        {
            return [];
        }

        try
        {
            while (true)
            {
                cancellationToken.ThrowIfCancellationRequested();

                // The version first: a close that comes after it ends the wait.
                var seen = _work.Version;
                ObjectDisposedException.ThrowIf(_closed, this);
                var (deliveries, next) = await ClaimOnceAsync(max).ConfigureAwait(Systematic.KeepContext);
                var left = wait == Timeout.InfiniteTimeSpan ? TimeSpan.MaxValue : wait - _time.GetElapsedTime(began);
                if (deliveries.Count > 0 || left <= TimeSpan.Zero)
                {
                    return deliveries;
                }

                await _work.WaitAsync(seen, Min(Min(next, IdlePoll()), left), cancellationToken).ConfigureAwait(Systematic.KeepContext);
            }
        }
        finally
        {
            _claimLine.Leave();
        }
    }

    /// <summary>
    /// One look at the store. It is not cancelled, for what has been leased must not be dropped; a store has deadlines of its own.
    /// </summary>
    private async ValueTask<(IReadOnlyList<Delivery<T>> Deliveries, TimeSpan Next)> ClaimOnceAsync(int max)
    {
        max = Math.Min(max, _options.MaxBatchSize);
        Systematic.Interleave("queue.claim");
        var mayTakeSuspect = _suspect.TryReserve(out var suspectFreeIn);
        var buffer = ArrayPool<ClaimedMessage<T>>.Shared.Rent(max);
        var suspectToken = 0L;
        var leasedAt = _time.GetTimestamp();
        try
        {
            var request = new ClaimRequest(max, _options.VisibilityTimeout, mayTakeSuspect);
            var result = await _store.ClaimAsync(request, buffer.AsMemory(0, max), CancellationToken.None).ConfigureAwait(Systematic.KeepContext);
            Monitor.DeadLettered(DeadLetterReason.Deliveries, result.DeadLettered);
            var deliveries = new List<Delivery<T>>(result.Count);
            for (var i = 0; i < result.Count; i++)
            {
                var message = buffer[i];
                suspectToken = message.IsSuspect ? message.Token : suspectToken;
                if (message.DecodeError is { } error)
                {
                    await BuryAsync(message, error).ConfigureAwait(Systematic.KeepContext);
                    suspectToken = message.IsSuspect ? 0 : suspectToken;
                    continue;
                }

                deliveries.Add(new Delivery<T>(this, message, leasedAt));
            }

            Tell(deliveries);
            var next = result.NextDue ?? TimeSpan.MaxValue;
            return (deliveries, mayTakeSuspect ? next : Min(next, suspectFreeIn));
        }
        finally
        {
            if (mayTakeSuspect)
            {
                Systematic.Interleave("queue.claim.confirm");
                _suspect.Confirm(suspectToken, _options.VisibilityTimeout);
            }

            ArrayPool<ClaimedMessage<T>>.Shared.Return(buffer, clearArray: true);
        }
    }

    /// <summary>A listener's fault must not drop what is leased.</summary>
    private void Tell(List<Delivery<T>> deliveries)
    {
        try
        {
            foreach (var delivery in deliveries)
            {
                Monitor.Claimed(delivery.Lateness, delivery.IsSuspect);
            }
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            // There is nobody left to tell.
        }
    }

    /// <summary>A payload that cannot be read will not be readable the next time either. When the store is gone meanwhile, its lease ends by itself.</summary>
    private async ValueTask BuryAsync(ClaimedMessage<T> message, Exception error)
    {
        var settlement = new Settlement(message.Key, message.Token, SettlementKind.DeadLetter, default, DeadLetterReason.Payload, Shorten(error.Message));
        var outcome = new SettlementOutcome[1];
#pragma warning disable CA1031 // Whatever the store throws: the messages that were claimed beside this one must not be dropped.
        try
        {
            await _store.SettleAsync(new[] { settlement }, outcome, CancellationToken.None).ConfigureAwait(Systematic.KeepContext);
        }
        catch (Exception fault)
        {
            Telling.Guard(() => Monitor.StoreFailed(fault));
            return;
        }
#pragma warning restore CA1031

        Tell(settlement.Kind, DeadLetterReason.Payload, outcome[0]);
    }

    // Timers cannot wait longer than 49 days; who wants more waits for ever.
    private static TimeSpan Bounded(TimeSpan wait) => wait > TimeSpan.FromDays(49) ? Timeout.InfiniteTimeSpan : wait;
}
