namespace Resilience.Storage.Internal;

/// <summary>
/// The second half of the protocol for a set of deletions, after the first is durable: delete the files, flush their folders, then remove the journal rows and
/// write the success. The journal rows stay locked from the check to the commit: a process that was paused beyond its lease finds them gone or another's, and so
/// cannot delete a file whose record is back. Stateless; the transaction is the caller's.
/// </summary>
internal sealed class FinishStep(
    IRecordAdapter records, IDeletableStore store, RootGuard root, FileDeletionOptions options, InstanceId instance, TimeProvider time)
{
    // On SQLite the transaction holds the one write lock: others get their turn after this, however slow the disk.
    private static readonly TimeSpan SqliteSlice = TimeSpan.FromMilliseconds(20);

    public async Task RunAsync(SqlSession session, IReadOnlyList<DeletionWork> works, AuditBatch audit, bool wait, CancellationToken cancellationToken)
    {
        var free = await LockAsync(session, works, wait, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        var done = await DeleteAsync(session, free, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        if (done.Count > 0)
        {
            done = await FlushAsync(done, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        }

        if (done.Count > 0)
        {
            await JournalSql.CompleteAsync(session, records, [.. done.Select(static w => w.Entry!)], instance, cancellationToken).ConfigureAwait(Systematic.KeepContext);
            foreach (var work in done)
            {
                work.Settle(DeletionStatus.Succeeded, work.Entry!.Identity.IsNone ? "file_missing" : null, work.Entry.Attempts + 1);
                audit.Add(work, AuditResult.Succeeded, attempt: work.Entry.Attempts + 1);
            }
        }

        foreach (var work in works.Where(static w => w.Outcome.Kind == StepKind.AttemptFailed))
        {
            RecordFailure(session, work, audit);
        }
    }

    private static FileAttemptException AsFailure(Exception exception) =>
        exception as FileAttemptException ?? new FileAttemptException(exception is UnauthorizedAccessException ? "EACCES" : "io_error", exception);

    private async Task<List<DeletionWork>> LockAsync(SqlSession session, IReadOnlyList<DeletionWork> works, bool wait, CancellationToken cancellationToken)
    {
        // Records before journal rows, here as everywhere.
        var ofRecords = works.Select(static w => w.Entry!).Where(static e => e.Kind == JournalKind.Record).ToList();
        var locked = ofRecords.Count == 0 ? SqlRows<string>.None() : records.AskRemoved(session, ofRecords, wait);
        var own = JournalSql.AskOwn(session, works.Select(static w => w.Entry!.Id), instance);
        await session.SendAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        var held = wait ? [] : await records.HeldAsync(session, ofRecords, locked, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        var owned = own.Rows.ToHashSet(StringComparer.Ordinal);
        var free = new List<DeletionWork>(works.Count);
        foreach (var work in works)
        {
            if (held.Contains(work.Entry!.Id))
            {
                work.Outcome = new(StepKind.Locked);
            }
            else if (owned.Contains(work.Entry.Id))
            {
                free.Add(work);
            }
            else
            {
                work.Outcome = new(StepKind.Lost);
            }
        }

        return free;
    }

    private async Task<List<DeletionWork>> DeleteAsync(SqlSession session, List<DeletionWork> works, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var done = new List<DeletionWork>(works.Count);
        var pending = new List<(DeletionWork Work, Task<FileRemoval> Removal)>();
        foreach (var work in works)
        {
            if (session.Dialect == SqlDialect.Sqlite && done.Count > 0 && time.GetElapsedTime(started) > SqliteSlice)
            {
                work.Outcome = new(StepKind.Later);
                continue;
            }

            try
            {
                // The file system answers at once; a remote store's deletions run side by side.
                var removal = store.DeleteAsync(work.Entry!.Path, work.Entry.Identity, cancellationToken);
                if (!removal.IsCompletedSuccessfully)
                {
                    pending.Add((work, removal.AsTask()));
                    continue;
                }

                await JudgeAsync(work, await removal.ConfigureAwait(Systematic.KeepContext), done, cancellationToken).ConfigureAwait(Systematic.KeepContext);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                work.Outcome = new(StepKind.AttemptFailed, default, AsFailure(exception));
            }
        }

        foreach (var (work, removal) in pending)
        {
            try
            {
                await JudgeAsync(work, await removal.ConfigureAwait(Systematic.KeepContext), done, cancellationToken).ConfigureAwait(Systematic.KeepContext);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                work.Outcome = new(StepKind.AttemptFailed, default, AsFailure(exception));
            }
        }

        return done;
    }

    private async ValueTask JudgeAsync(DeletionWork work, FileRemoval removal, List<DeletionWork> done, CancellationToken cancellationToken)
    {
        if (removal == FileRemoval.Changed)
        {
            throw new FileAttemptException("identity_changed", isRetryable: false);
        }

        if (removal == FileRemoval.Missing)
        {
            await root.RequireMarkerAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        }

        done.Add(work);
    }

    private async Task<List<DeletionWork>> FlushAsync(List<DeletionWork> works, CancellationToken cancellationToken)
    {
        try
        {
            await store.FlushAsync([.. works.Select(static w => w.Entry!.Path)], cancellationToken).ConfigureAwait(Systematic.KeepContext);
            return works;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            foreach (var work in works)
            {
                work.Outcome = new(StepKind.AttemptFailed, default, AsFailure(exception));
            }

            return [];
        }
    }

    private void RecordFailure(SqlSession session, DeletionWork work, AuditBatch audit)
    {
        var failure = (FileAttemptException)work.Outcome.Exception!;
        var now = time.GetUtcNow();
        session.Tell(
            "journal_attempt_failed",
            ("@id", work.Entry!.Id),
            ("@owner", instance.Value),
            ("@lease", (now + options.LeaseDuration).ToUnixTimeMilliseconds()),
            ("@now", now.ToUnixTimeMilliseconds()),
            ("@error", failure.ErrorCode));
        audit.Add(work, AuditResult.AttemptFailed, attempt: work.Entry.Attempts + 1, error: failure.ErrorCode);
    }
}
