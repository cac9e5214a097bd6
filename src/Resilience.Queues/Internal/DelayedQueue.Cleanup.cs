using Resilience.Shared;

namespace Resilience.Queues;

internal sealed partial class DelayedQueue<T>
{
    private readonly string _owner = Guid.CreateVersion7().ToString("N");
    private int _cleaning;

    public async ValueTask<CleanupReport> CleanupAsync(CancellationToken cancellationToken = default)
    {
        await StartAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        if (Interlocked.CompareExchange(ref _cleaning, 1, 0) != 0)
        {
            return new CleanupReport(CleanupStatus.AlreadyRunning, 0, 0, 0, TimeSpan.Zero);
        }

        try
        {
            var report = await RunCleanupAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
            if (report.Status == CleanupStatus.Completed)
            {
                await _store.EndCleanupAsync(_owner, CancellationToken.None).ConfigureAwait(Systematic.KeepContext);
            }

            Monitor.CleanedUp(report);
            return report;
        }
        catch (Exception error)
        {
            await TryEndCleanupAsync().ConfigureAwait(Systematic.KeepContext);
            if (error is not OperationCanceledException)
            {
                Monitor.CleanupFailed(error);
            }

            throw;
        }
        finally
        {
            Volatile.Write(ref _cleaning, 0);
        }
    }

    /// <summary>A run that failed keeps no other node from trying; where the store cannot be reached, its lock ends by itself.</summary>
    private async ValueTask TryEndCleanupAsync()
    {
#pragma warning disable CA1031 // The caller gets the exception of the run itself.
        try
        {
            await _store.EndCleanupAsync(_owner, CancellationToken.None).ConfigureAwait(Systematic.KeepContext);
        }
        catch (Exception)
        {
            // The lock ends by itself.
        }
#pragma warning restore CA1031
    }

    private async ValueTask<CleanupReport> RunCleanupAsync(CancellationToken cancellationToken)
    {
        var began = _time.GetTimestamp();
        var request = new CleanupRequest(_options.MessageTtl, _options.CleanupBatchSize, _owner);
        var removed = 0L;
        var batches = 0;
        while (true)
        {
            var batch = await _store.CleanupAsync(request, cancellationToken).ConfigureAwait(Systematic.KeepContext);
            var elapsed = _time.GetElapsedTime(began);
            if (batch.Busy)
            {
                return new CleanupReport(CleanupStatus.AlreadyRunning, removed, batches, 0, elapsed);
            }

            removed += batch.Removed;
            batches += batch.Removed > 0 ? 1 : 0;
            Monitor.DeadLettered(DeadLetterReason.Expired, batch.Removed);
            if (batch.Remaining == 0 || elapsed >= _options.CleanupTimeBudget || cancellationToken.IsCancellationRequested)
            {
                return new CleanupReport(CleanupStatus.Completed, removed, batches, batch.Remaining, elapsed);
            }

            Systematic.Interleave("queue.cleanup.batch");
        }
    }
}
