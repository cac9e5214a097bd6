using Microsoft.Extensions.Logging;
using Resilience.Shared;

namespace Resilience.Queues;

/// <summary>
/// Renews the leases of all running deliveries by one timer, a batch at a time, at a third of their length. A handler is told as soon as its lease is lost: the
/// store says so, or it ended by the local monotonic clock while the store could not be reached.
/// </summary>
internal sealed class LeaseKeeper<T>(DelayedQueue<T> queue, Func<IReadOnlyList<RunningDelivery<T>>> running, ILogger logger)
{
    private readonly TimeSpan _interval = queue.Options.VisibilityTimeout / 3;

    public async Task RunAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(NextLook(), queue.Time, stoppingToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | (Systematic.KeepContext ? ConfigureAwaitOptions.ContinueOnCapturedContext : 0));
            if (!stoppingToken.IsCancellationRequested)
            {
                await RenewAsync(running()).ConfigureAwait(Systematic.KeepContext);
            }
        }
    }

    private TimeSpan NextLook()
    {
        var next = _interval;
        foreach (var one in running())
        {
            var left = one.LeaseLeft(queue.Time);
            next = left < next && !one.LeaseLost.IsCancellationRequested ? left : next;
        }

        return next < TimeSpan.FromMilliseconds(1) ? TimeSpan.FromMilliseconds(1) : next;
    }

    private async Task RenewAsync(IReadOnlyList<RunningDelivery<T>> all)
    {
        var live = all.Where(static one => !one.LeaseLost.IsCancellationRequested).ToArray();
        for (var start = 0; start < live.Length; start += queue.Options.MaxBatchSize)
        {
            await RenewBatchAsync(live.AsMemory(start, Math.Min(queue.Options.MaxBatchSize, live.Length - start))).ConfigureAwait(Systematic.KeepContext);
        }
    }

    private async Task RenewBatchAsync(ReadOnlyMemory<RunningDelivery<T>> batch)
    {
        var extensions = new LeaseExtension[batch.Length];
        var results = new bool[batch.Length];
        for (var i = 0; i < extensions.Length; i++)
        {
            var one = batch.Span[i];
            extensions[i] = new LeaseExtension(one.Delivery.Key, one.Delivery.Token, one.Lease);
        }

        var began = queue.Time.GetTimestamp();
#pragma warning disable CA1031 // Whatever the store throws: the leases that still last are renewed at the next look.
        try
        {
            await queue.ExtendBatchAsync(extensions, results, CancellationToken.None).AsTask().WaitAsync(_interval, queue.Time)
                .ConfigureAwait(Systematic.KeepContext);
        }
        catch (Exception error)
        {
            queue.Monitor.StoreFailed(error);
            foreach (var one in batch.Span)
            {
                if (one.LeaseLeft(queue.Time) <= TimeSpan.Zero)
                {
                    Lose(one);
                }
            }

            return;
        }
#pragma warning restore CA1031

        for (var i = 0; i < results.Length; i++)
        {
            var one = batch.Span[i];
            if (results[i])
            {
                one.LeasedAt = began;
            }
            else if (!one.IsSettling)
            {
                Lose(one);
            }
        }
    }

    private void Lose(RunningDelivery<T> one)
    {
        QueuesLog.LeaseLost(logger, queue.Name);
        one.Cancel();
    }
}
