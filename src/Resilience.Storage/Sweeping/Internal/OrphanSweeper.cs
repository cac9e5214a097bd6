using System.Data.Common;
using Microsoft.Extensions.Logging;

namespace Resilience.Storage.Internal;

/// <summary>
/// The sweep. It lists first and asks the database after, so that what was made known before its file existed is always found. It counts everything before it
/// removes anything. Each removal claims the path, asks again in one snapshot, and only then moves the file. Any doubt ends the run. Memory is one chunk, however
/// many files there are. Safe for concurrent use.
/// </summary>
internal sealed partial class OrphanSweeper(
    StorageDatabase database,
    StorageInitializer initializer,
    IRecordAdapter records,
    IDeletableStore store,
    RootGuard root,
    DeletionEngine engine,
    UploadRegistry uploads,
    AuditWriter auditWriter,
    FileDeletionOptions deletionOptions,
    OrphanSweeperOptions options,
    InstanceId instance,
    StorageStatus status,
    StorageMetrics metrics,
    TimeProvider time,
    ILogger<OrphanSweeper> logger) : IOrphanSweeper
{
    private const string System = "system";
    private readonly IQuarantineStore? _quarantine = store as IQuarantineStore;
    private int _running;

    public async Task<SweepReport> RunAsync(bool dryRun, IProgress<SweepProgress>? progress, CancellationToken cancellationToken)
    {
        if (Interlocked.CompareExchange(ref _running, 1, 0) != 0)
        {
            return new SweepRun(Guid.CreateVersion7(time.GetUtcNow()), dryRun).Report(SweepOutcome.AlreadyRunning, "already_running", TimeSpan.Zero);
        }

        try
        {
            return await RunAloneAsync(dryRun, progress, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        }
        finally
        {
            Volatile.Write(ref _running, 0);
        }
    }

    private async Task<SweepReport> RunAloneAsync(bool dryRun, IProgress<SweepProgress>? progress, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var run = new SweepRun(Guid.CreateVersion7(time.GetUtcNow()), dryRun);
        var leased = false;
        SweepReport report;
        try
        {
            await PrepareAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
            if (!await TryLeaseAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext))
            {
                return run.Report(SweepOutcome.AlreadyRunning, "already_running", time.GetElapsedTime(started));
            }

            leased = true;
            await SweepAsync(run, progress, cancellationToken).ConfigureAwait(Systematic.KeepContext);
            report = run.Report(SweepOutcome.Completed, null, time.GetElapsedTime(started));
        }
        catch (SweepAbortedException exception)
        {
            report = await AbortAsync(run, exception.Reason, exception.InnerException, started).ConfigureAwait(Systematic.KeepContext);
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            // The application's store of records or files may throw anything: it ends a run, never the loop.
            report = await AbortAsync(run, ReasonOf(exception), exception, started).ConfigureAwait(Systematic.KeepContext);
        }
        finally
        {
            if (leased)
            {
                await ReleaseAsync(dryRun).ConfigureAwait(Systematic.KeepContext);
            }
        }

        Tell(run, report);
        return report;
    }

    private static string ReasonOf(Exception exception) => exception switch
    {
        DbException => "database_failed",
        IOException or UnauthorizedAccessException => "folder_failed",
        _ => "failed",
    };

    private async Task PrepareAsync(CancellationToken cancellationToken)
    {
        try
        {
            await initializer.EnsureAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        }
        catch (IOException exception)
        {
            throw new SweepAbortedException(await WhyAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext), exception);
        }

        await RequirePairedAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
    }

    private async Task<string> WhyAsync(CancellationToken cancellationToken)
    {
        try
        {
            return Reason(await root.CheckAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext)) ?? "root_unavailable";
        }
        catch (IOException)
        {
            return "root_unavailable";
        }
    }

    private async Task RequirePairedAsync(CancellationToken cancellationToken)
    {
        if (Reason(await root.CheckAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext)) is { } reason)
        {
            throw new SweepAbortedException(reason);
        }
    }

    private string? Reason(RootState state) => state switch
    {
        RootState.Paired => null,
        RootState.Unmarked => options.RequireMarker ? "root_unmarked" : null,
        RootState.MarkerMissing => "root_marker_missing",
        RootState.Foreign => "root_foreign",
        _ => "database_older_than_root",
    };

    private async Task SweepAsync(SweepRun run, IProgress<SweepProgress>? progress, CancellationToken cancellationToken)
    {
        // What dead processes left is not an orphan: it is finished first.
        await engine.RecoverAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        await uploads.ReapAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        await ResumeAsync(run, cancellationToken).ConfigureAwait(Systematic.KeepContext);

        await ScanAsync(run, progress, removing: false, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        RequirePlausible(run);
        if (run.Orphans > 0)
        {
            await ScanAsync(run, progress, removing: true, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        }

        if (!run.DryRun)
        {
            await PurgeAsync(run, cancellationToken).ConfigureAwait(Systematic.KeepContext);
            await root.AdvanceAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        }
    }

    private async Task<SweepReport> AbortAsync(SweepRun run, string reason, Exception? exception, long started)
    {
        StorageLog.SweepAborted(logger, run.Id, reason, exception);
        try
        {
            await auditWriter.WriteNowAsync(database, run.Id, string.Empty, System, AuditResult.SweepAborted, CancellationToken.None, reason).ConfigureAwait(Systematic.KeepContext);
        }
        catch (DbException)
        {
            // The log has it; the database that would take the row is what failed.
        }

        return run.Report(SweepOutcome.Aborted, reason, time.GetElapsedTime(started));
    }

    private void Tell(SweepRun run, SweepReport report)
    {
        if (status.UpdateSweep(report) == AlertChange.Cleared)
        {
            StorageLog.SweepWorksAgain(logger);
        }

        metrics.Alerts(status.StuckAlert, status.SweepAlert);
        metrics.Swept(report.Outcome.ToString(), report.Duration);
        metrics.SweptFiles("quarantined", run.Quarantined);
        metrics.SweptFiles("deleted", run.Deleted);
        metrics.SweptFiles("restored", run.Restored);
        metrics.SweptFiles("failed", run.Failed);
        StorageLog.Swept(logger, run.Id, report.Outcome, run.Scanned, run.Orphans, run.Quarantined, run.Deleted, run.Restored);
    }
}
