using System.Data.Common;

namespace Resilience.Storage.Internal;

/// <summary>
/// What follows when every try failed. Under the lock of the journal row the file is looked at once more: gone means success after all, there means that the record
/// comes back, in the transaction that closes the journal row. Stateless.
/// </summary>
internal sealed class RestoreStep(
    StorageDatabase database, IRecordAdapter records, IDeletableStore store, RootGuard root, AuditWriter auditWriter, FileDeletionOptions options, InstanceId instance, TimeProvider time)
{
    public async Task<StepOutcome> RunAsync(DeletionWork work, string error, CancellationToken cancellationToken)
    {
        try
        {
            return await TransactAsync(work, error, allowRestore: true, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        }
        catch (RestoreRefusedException)
        {
            // A constraint of the application's stands against the record: the transaction is void, so the journal row is closed in another one.
            return await TransactAsync(work, error, allowRestore: false, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        }
        catch (RecordRefusedException exception)
        {
            return await RefuseAsync(work, exception.Code, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        }
    }

    /// <summary>The file is gone and the database will not let the rest of the record go: the journal row stays, as stuck.</summary>
    public async Task<StepOutcome> RefuseAsync(DeletionWork work, string error, CancellationToken cancellationToken)
    {
        var audit = auditWriter.Begin();
        var session = await database.BeginAsync(options.LockTimeout, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        await using (session.ConfigureAwait(Systematic.KeepContext))
        {
            var owned = JournalSql.AskOwn(session, [work.Entry!.Id], instance);
            await session.SendAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
            if (owned.Rows.Count == 0)
            {
                return new(StepKind.Lost);
            }

            await CloseAsync(session, work, back: false, error, audit, cancellationToken).ConfigureAwait(Systematic.KeepContext);
            audit.Write(session);
            await CommitAsync(session, work, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        }

        await audit.PublishAsync().ConfigureAwait(Systematic.KeepContext);
        return work.Outcome;
    }

    private async Task<StepOutcome> TransactAsync(DeletionWork work, string error, bool allowRestore, CancellationToken cancellationToken)
    {
        var entry = work.Entry!;
        var audit = auditWriter.Begin();
        var session = await database.BeginAsync(options.LockTimeout, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        await using (session.ConfigureAwait(Systematic.KeepContext))
        {
            // Records before journal rows, here as everywhere.
            if (entry.Kind == JournalKind.Record)
            {
                records.AskRemoved(session, [entry], wait: true);
            }

            var owned = JournalSql.AskOwn(session, [entry.Id], instance);
            await session.SendAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
            if (owned.Rows.Count == 0)
            {
                return new(StepKind.Lost);
            }

            var probe = await store.ProbeAsync(entry.Path, cancellationToken).ConfigureAwait(Systematic.KeepContext);
            if (probe.Kind == FileProbeKind.Missing)
            {
                await CompleteAsync(session, work, audit, cancellationToken).ConfigureAwait(Systematic.KeepContext);
            }
            else
            {
                var back = allowRestore && probe.Kind == FileProbeKind.File && entry.Kind == JournalKind.Record
                    && await TryRestoreAsync(session, entry, error, cancellationToken).ConfigureAwait(Systematic.KeepContext);
                await CloseAsync(session, work, back, error, audit, cancellationToken).ConfigureAwait(Systematic.KeepContext);
            }

            audit.Write(session);
            await CommitAsync(session, work, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        }

        await audit.PublishAsync().ConfigureAwait(Systematic.KeepContext);
        return work.Outcome;
    }

    private async Task CompleteAsync(SqlSession session, DeletionWork work, AuditBatch audit, CancellationToken cancellationToken)
    {
        await root.RequireMarkerAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        await store.FlushAsync([work.Entry!.Path], cancellationToken).ConfigureAwait(Systematic.KeepContext);
        try
        {
            await JournalSql.CompleteAsync(session, records, [work.Entry], instance, cancellationToken).ConfigureAwait(Systematic.KeepContext);
            await session.SendAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        }
        catch (DbException exception) when (RecordRefusedException.Is(exception))
        {
            throw new RecordRefusedException(exception);
        }

        audit.Add(work, AuditResult.Succeeded, attempt: work.Entry.Attempts);
        work.Settle(DeletionStatus.Succeeded, null, work.Entry.Attempts);
    }

    private async Task<bool> TryRestoreAsync(SqlSession session, JournalEntry entry, string error, CancellationToken cancellationToken)
    {
        try
        {
            return await records.RestoreAsync(session, entry, error, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        }
        catch (DbException exception) when (!exception.IsTransient)
        {
            throw new RestoreRefusedException(exception);
        }
    }

    private async Task CloseAsync(SqlSession session, DeletionWork work, bool back, string error, AuditBatch audit, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        await session.ExecuteAsync(
            "journal_close",
            cancellationToken,
            ("@id", work.Entry!.Id),
            ("@owner", instance.Value),
            ("@state", back ? (int)JournalState.Failed : (int)JournalState.Stuck),
            ("@lease", (now + options.LeaseDuration).ToUnixTimeMilliseconds()),
            ("@now", now.ToUnixTimeMilliseconds()),
            ("@error", error)).ConfigureAwait(Systematic.KeepContext);
        var attempts = work.Entry.Attempts;
        if (back)
        {
            audit.Add(work, AuditResult.RolledBack, attempt: attempts, error: error);
            audit.Add(work, AuditResult.Failed, attempt: attempts, error: error);
        }
        else if (work.Entry.State != JournalState.Stuck)
        {
            audit.Add(work, AuditResult.Stuck, attempt: attempts, error: error);
        }

        work.Settle(back ? DeletionStatus.Failed : DeletionStatus.Stuck, error, attempts);
    }

    /// <summary>A commit whose answer is lost is decided by what a new connection reads, never by the exception.</summary>
    private async Task CommitAsync(SqlSession session, DeletionWork work, CancellationToken cancellationToken)
    {
        try
        {
            await session.CommitAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            await session.DisposeAsync().ConfigureAwait(Systematic.KeepContext);
            var look = await database.OpenAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
            await using (look.ConfigureAwait(Systematic.KeepContext))
            {
                var states = await look.QueryAsync("journal_state", static r => r.GetInt32(0), cancellationToken, ("@id", work.Entry!.Id))
                    .ConfigureAwait(Systematic.KeepContext);
                var expected = work.Outcome.Result.Status switch
                {
                    DeletionStatus.Failed => (int)JournalState.Failed,
                    DeletionStatus.Stuck => (int)JournalState.Stuck,
                    _ => 0,
                };
                if (states.FirstOrDefault() != expected)
                {
                    throw;
                }
            }
        }
    }

    private sealed class RestoreRefusedException(Exception inner) : Exception(inner.Message, inner);
}
