using System.Data.Common;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Resilience.Storage.Internal;

/// <summary>Checks the configuration at start, then recovers, reaps and prunes on an interval. One flow; a failure ends a run, never the loop.</summary>
internal sealed class RecoveryService(
    StorageInitializer initializer,
    DeletionEngine engine,
    UploadRegistry uploads,
    IDeletionAudit audit,
    RootGuard root,
    StorageDatabase database,
    StorageStatus status,
    StorageMetrics metrics,
    FileDeletionOptions options,
    TimeProvider time,
    ILogger<RecoveryService> logger) : BackgroundService
{
    private static readonly TimeSpan HousekeepingInterval = TimeSpan.FromHours(1);

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            await initializer.EnsureAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        }
        catch (Exception exception) when (exception is DbException or IOException)
        {
            // The environment may still come: a mount, a server. What is configured wrongly is not caught here and ends the start.
            status.UpdateRecovery(exception);
            StorageLog.NotReady(logger, exception);
        }

        await base.StartAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var housekeeping = time.GetTimestamp();
        var first = true;
        using var timer = new PeriodicTimer(options.RecoveryInterval, time);
        do
        {
            try
            {
                await engine.RecoverAsync(stoppingToken).ConfigureAwait(Systematic.KeepContext);
                await uploads.ReapAsync(stoppingToken).ConfigureAwait(Systematic.KeepContext);
                await CountAsync(stoppingToken).ConfigureAwait(Systematic.KeepContext);
                if (first || time.GetElapsedTime(housekeeping) >= HousekeepingInterval)
                {
                    first = false;
                    housekeeping = time.GetTimestamp();
                    await audit.PruneAsync(stoppingToken).ConfigureAwait(Systematic.KeepContext);
                    await root.AdvanceAsync(stoppingToken).ConfigureAwait(Systematic.KeepContext);
                }

                if (status.UpdateRecovery(null))
                {
                    StorageLog.RecoveryWorksAgain(logger);
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
            {
                if (status.UpdateRecovery(exception))
                {
                    StorageLog.RecoveryFailed(logger, exception);
                }
            }
        }
        while (await NextAsync(timer, stoppingToken).ConfigureAwait(Systematic.KeepContext));
    }

    private static async ValueTask<bool> NextAsync(PeriodicTimer timer, CancellationToken stoppingToken)
    {
        try
        {
            return await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(Systematic.KeepContext);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private async Task CountAsync(CancellationToken cancellationToken)
    {
        var session = await database.OpenAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        await using (session.ConfigureAwait(Systematic.KeepContext))
        {
            var rows = await session.QueryAsync(
                "journal_counts",
                static r => (State: (JournalState)r.GetInt32(0), Count: r.GetInt64(1), Oldest: r.GetInt64(2)),
                cancellationToken,
                ("@root", options.RootName)).ConfigureAwait(Systematic.KeepContext);
            var open = rows.Where(static r => r.State != JournalState.Failed).Select(static r => r.Oldest).ToList();
            var counts = new JournalCounts(
                rows.FirstOrDefault(static r => r.State == JournalState.Pending).Count,
                rows.FirstOrDefault(static r => r.State == JournalState.Failed).Count,
                rows.FirstOrDefault(static r => r.State == JournalState.Stuck).Count,
                open.Count == 0 ? TimeSpan.Zero : time.GetUtcNow() - DateTimeOffset.FromUnixTimeMilliseconds(open.Min()));
            metrics.Journal(counts);
            switch (status.UpdateJournal(counts))
            {
                case AlertChange.Raised:
                    StorageLog.StuckRaised(logger, counts.Stuck);
                    break;
                case AlertChange.Cleared:
                    StorageLog.StuckCleared(logger);
                    break;
            }

            metrics.Alerts(status.StuckAlert, status.SweepAlert);
        }
    }
}
