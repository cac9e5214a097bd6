using Microsoft.Extensions.Logging;
using Resilience.Shared;

namespace Resilience.Queues;

/// <summary>
/// Gathers settlements that come while the store is busy into one batch, and goes on trying until a lease ends when the store fails. Thread-safe; the lock
/// guards the list and the flag, and no store is called under it.
/// </summary>
internal sealed class SettlementLane<T>(DelayedQueue<T> queue, ILogger logger)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly Lock _gate = new();
    private readonly Queue<Pending> _pending = new();
    private bool _pumping;

    /// <summary>Ends a delivery. <see cref="SettlementOutcome.Stale"/> also when the lease ended before the store could be reached.</summary>
    public Task<SettlementOutcome> SettleAsync(RunningDelivery<T> running, Settlement settlement)
    {
        var pending = new Pending(running, settlement);
        lock (_gate)
        {
            _pending.Enqueue(pending);
            if (_pumping)
            {
                return pending.Done.Task;
            }

            _pumping = true;
        }

        _ = PumpAsync();
        return pending.Done.Task;
    }

    private async Task PumpAsync()
    {
        var batch = new List<Pending>();
        while (true)
        {
            lock (_gate)
            {
                while (batch.Count < queue.Options.MaxBatchSize && _pending.TryDequeue(out var next))
                {
                    batch.Add(next);
                }

                if (batch.Count == 0)
                {
                    _pumping = false;
                    return;
                }
            }

            if (!await TrySettleAsync(batch).ConfigureAwait(Systematic.KeepContext))
            {
                await Task.Delay(Pause, queue.Time).ConfigureAwait(Systematic.KeepContext);
            }
        }
    }

    /// <summary>Settles the batch and empties it. After a failure those stay whose lease still lasts.</summary>
    private async Task<bool> TrySettleAsync(List<Pending> batch)
    {
        var settlements = new Settlement[batch.Count];
        var outcomes = new SettlementOutcome[batch.Count];
        for (var i = 0; i < settlements.Length; i++)
        {
            settlements[i] = batch[i].Settlement;
        }

#pragma warning disable CA1031 // Whatever the store throws: the settlement is tried again while the lease lasts.
        try
        {
            await queue.SettleBatchAsync(settlements, outcomes, CancellationToken.None).ConfigureAwait(Systematic.KeepContext);
        }
        catch (Exception error)
        {
            Telling.Guard(() => queue.Monitor.StoreFailed(error));
            batch.RemoveAll(GiveUpAfterLease);
            return false;
        }
#pragma warning restore CA1031

        for (var i = 0; i < outcomes.Length; i++)
        {
            batch[i].Done.SetResult(outcomes[i]);
        }

        batch.Clear();
        return true;
    }

    private bool GiveUpAfterLease(Pending pending)
    {
        if (pending.Running.LeaseLeft(queue.Time) > TimeSpan.Zero)
        {
            return false;
        }

        Telling.Guard(() => QueuesLog.SettlementLost(logger, queue.Name));
        pending.Done.SetResult(SettlementOutcome.Stale);
        return true;
    }

    private sealed record Pending(RunningDelivery<T> Running, Settlement Settlement)
    {
        public TaskCompletionSource<SettlementOutcome> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
