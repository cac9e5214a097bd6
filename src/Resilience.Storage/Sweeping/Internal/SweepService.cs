using Microsoft.Extensions.Hosting;

namespace Resilience.Storage.Internal;

/// <summary>
/// Sweeps when the last sweep of any node is an interval ago, with jitter. The time of the last sweep is in the database, so neither restarts nor the number of
/// nodes change how often it happens. A failure ends a run, never the loop.
/// </summary>
internal sealed class SweepService(
    OrphanSweeper sweeper, StorageDatabase database, OrphanSweeperOptions options, FileDeletionOptions deletionOptions, SweepJitter jitter, TimeProvider time) : BackgroundService
{
    // A database that cannot be asked, or a node that is sweeping now: look again after this.
    private static readonly TimeSpan Again = TimeSpan.FromMinutes(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                var wait = await UntilNextAsync(stoppingToken).ConfigureAwait(Systematic.KeepContext);
                if (wait <= TimeSpan.Zero)
                {
                    await sweeper.RunAsync(dryRun: false, progress: null, stoppingToken).ConfigureAwait(Systematic.KeepContext);
                    wait = Again;
                }

                await Task.Delay(wait, time, stoppingToken).ConfigureAwait(Systematic.KeepContext);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    private async Task<TimeSpan> UntilNextAsync(CancellationToken cancellationToken)
    {
        try
        {
            var session = await database.OpenAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
            await using (session.ConfigureAwait(Systematic.KeepContext))
            {
                var rows = await session.QueryAsync("root_get", static r => r.GetInt64(3), cancellationToken, ("@root", deletionOptions.RootName))
                    .ConfigureAwait(Systematic.KeepContext);
                var last = DateTimeOffset.FromUnixTimeMilliseconds(rows.FirstOrDefault());
                return last + jitter.Shorten(options.Interval, options.Jitter) - time.GetUtcNow();
            }
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            // Recovery asks the same database more often, and tells.
            return Again;
        }
    }
}

/// <summary>The source of randomness of the interval; replaced in tests.</summary>
internal sealed class SweepJitter(Random random)
{
    public TimeSpan Shorten(TimeSpan interval, double fraction)
    {
        lock (random)
        {
            return Backoff.WithJitter(interval, fraction, random);
        }
    }
}
