using System.Data.Common;

namespace Resilience.Storage.Internal;

/// <summary>
/// The second half of the protocol for a set of deletions, after the first is durable: delete the files, flush their folders, then remove the journal rows and
/// write the success. The journal rows stay locked from the check to the commit: a process that was paused beyond its lease finds them gone or another's, and so
/// cannot delete a file whose record is back. Stateless; the transaction is the caller's.
/// </summary>
internal sealed class FinishStep(
    IRecordAdapter records, FileRemover remover, AuditWriter auditWriter, FileDeletionOptions options, InstanceId instance, TimeProvider time)
{
    private const string Keep = "SAVEPOINT resilience_finish";
    private const string TakeBack = "ROLLBACK TO SAVEPOINT resilience_finish";

    /// <summary>Locks what may be finished; the others have their outcome.</summary>
    public async Task<List<DeletionWork>> LockAsync(SqlSession session, IReadOnlyList<DeletionWork> works, bool wait, CancellationToken cancellationToken)
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

    /// <summary>Deletes the files of what is locked, durably. Uses no session: others may use it meanwhile.</summary>
    public Task RemoveAsync(IReadOnlyList<DeletionWork> locked, SqlDialect dialect, CancellationToken cancellationToken) =>
        remover.RunAsync(locked, dialect, cancellationToken);

    /// <summary>
    /// While the disks still work: writes the success of all of them, to be taken back if one of the files does not go. Nothing of it is committed before
    /// <see cref="CompleteAsync"/> has seen what became of the files. Null when nothing was written.
    /// </summary>
    public async Task<AuditBatch?> ExpectSuccessAsync(SqlSession session, IReadOnlyList<DeletionWork> locked, CancellationToken cancellationToken)
    {
        if (!records.CanTakeBack)
        {
            return null;
        }

        var expected = auditWriter.Begin();
        session.TellText(Keep, null);
        try
        {
            await WriteSuccessAsync(session, locked, expected, cancellationToken).ConfigureAwait(Systematic.KeepContext);
            return expected;
        }
        catch (RecordRefusedException)
        {
            // That is an answer only for a file that is gone, which is not known yet.
            session.TellText(TakeBack, null);
            return null;
        }
    }

    /// <summary>Writes down what became of the files.</summary>
    /// <param name="session">The transaction.</param>
    /// <param name="locked">The works, after their files.</param>
    /// <param name="expected">What <see cref="ExpectSuccessAsync"/> gave.</param>
    /// <param name="audit">The trail of the transaction, written so far.</param>
    /// <param name="cancellationToken">Ends the statements.</param>
    /// <exception cref="RecordRefusedException">A record cannot go; the transaction is void.</exception>
    public async Task CompleteAsync(
        SqlSession session, IReadOnlyList<DeletionWork> locked, AuditBatch? expected, AuditBatch audit, CancellationToken cancellationToken)
    {
        if (expected is not null)
        {
            if (locked.All(static w => w.Outcome.Kind == StepKind.Removed))
            {
                audit.Adopt(expected);
                Settle(locked);
                return;
            }

            session.TellText(TakeBack, null);
        }

        foreach (var work in locked.Where(static w => w.Outcome.Kind == StepKind.AttemptFailed))
        {
            RecordFailure(session, work, audit);
        }

        var done = locked.Where(static w => w.Outcome.Kind == StepKind.Removed).ToList();
        if (done.Count > 0)
        {
            await WriteSuccessAsync(session, done, audit, cancellationToken).ConfigureAwait(Systematic.KeepContext);
            Settle(done);
        }
    }

    private static void Settle(IEnumerable<DeletionWork> done)
    {
        foreach (var work in done)
        {
            work.Settle(DeletionStatus.Succeeded, work.Entry!.Identity.IsNone ? "file_missing" : null, work.Entry.Attempts + 1);
        }
    }

    private async Task WriteSuccessAsync(SqlSession session, IReadOnlyList<DeletionWork> done, AuditBatch audit, CancellationToken cancellationToken)
    {
        try
        {
            await JournalSql.CompleteAsync(session, records, [.. done.Select(static w => w.Entry!)], instance, cancellationToken).ConfigureAwait(Systematic.KeepContext);
            foreach (var work in done)
            {
                audit.Add(work, AuditResult.Succeeded, attempt: work.Entry!.Attempts + 1);
            }

            // Sent now, so that a refusal is known for what it is.
            audit.Write(session);
            await session.SendAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        }
        catch (DbException exception) when (RecordRefusedException.Is(exception))
        {
            throw new RecordRefusedException(exception);
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
