namespace Resilience.Storage.Internal;

/// <content>Carrying on what dead processes left.</content>
internal sealed partial class DeletionEngine
{
    private const int InterruptedPage = 1000;
    private static readonly TimeSpan InterruptedWindow = TimeSpan.FromDays(1);
    private static readonly TimeSpan InterruptedOverlap = TimeSpan.FromMinutes(1);
    private long _interruptedUntil;

    public async Task<RecoveryReport> RecoverAsync(CancellationToken cancellationToken)
    {
        await initializer.EnsureAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        int claimed = 0, completed = 0, restored = 0, stuck = 0;
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var works = await ClaimAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
            if (works.Count == 0)
            {
                break;
            }

            claimed += works.Count;
            var results = await Task.WhenAll(works.Select(work => TrackAsync(work, CarryAsync(work)))).WaitAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
            completed += results.Count(static r => r.Status == DeletionStatus.Succeeded);
            restored += results.Count(static r => r.Status == DeletionStatus.Failed);
            stuck += results.Count(static r => r.Status == DeletionStatus.Stuck);
        }

        var interrupted = await MarkInterruptedAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        if (claimed > 0)
        {
            metrics.Recovered(claimed);
            StorageLog.Recovered(logger, claimed, completed, restored, stuck);
        }

        return new(claimed, completed, restored, stuck, interrupted);
    }

    /// <summary>Takes over deletions whose lease is over: a compare-and-set per row, so that each goes to one process.</summary>
    private async Task<List<DeletionWork>> ClaimAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var milliseconds = now.ToUnixTimeMilliseconds();
        List<DeletionWork> works;

        // A look without a transaction first: on SQLite the next line would take the write lock of an idle application twice a minute.
        if ((await ExpiredAsync(milliseconds, cancellationToken).ConfigureAwait(Systematic.KeepContext)).Count == 0)
        {
            return [];
        }

        var audit = auditWriter.Begin();
        var session = await database.BeginAsync(options.LockTimeout, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        await using (session.ConfigureAwait(Systematic.KeepContext))
        {
            var ids = await session.QueryAsync(
                "journal_expired", static r => r.GetString(0), cancellationToken, ("@root", options.RootName), ("@now", milliseconds), ("@max", options.MaxBatch))
                .ConfigureAwait(Systematic.KeepContext);
            works = await session.QueryAsync(
                "journal_claim",
                ReadWork,
                cancellationToken,
                ("@ids", JsonParameter.List(ids)),
                ("@owner", instance.Value),
                ("@lease", (now + options.LeaseDuration).ToUnixTimeMilliseconds()),
                ("@now", milliseconds)).ConfigureAwait(Systematic.KeepContext);
            foreach (var work in works.Where(static w => w.Entry!.State == JournalState.Pending))
            {
                audit.Add(work, AuditResult.Recovered, attempt: work.Entry!.Attempts);
            }

            audit.Write(session);
            await session.CommitAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        }

        await audit.PublishAsync().ConfigureAwait(Systematic.KeepContext);
        return works;
    }

    private static DeletionWork ReadWork(System.Data.Common.DbDataReader r)
    {
        var entry = new JournalEntry(
            r.GetString(0), r.GetString(1), r.GetString(2), new FileIdentity(r.GetString(3)), (JournalKind)r.GetInt32(5), r.GetString(8))
        {
            State = (JournalState)r.GetInt32(4),
            Attempts = r.GetInt32(6),
            Snapshot = r.IsDBNull(7) ? null : r.GetString(7),
        };
        return new DeletionWork(Guid.Parse(entry.Id), entry.Key, new DeletionContext(entry.UserId)) { Entry = entry };
    }

    private async Task<List<string>> ExpiredAsync(long now, CancellationToken cancellationToken)
    {
        var session = await database.OpenAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        await using (session.ConfigureAwait(Systematic.KeepContext))
        {
            return await session.QueryTextAsync(
                "SELECT id FROM resilience_file_journal WHERE root = @root AND state <> 2 AND lease_until <= @now LIMIT 1",
                static r => r.GetString(0),
                cancellationToken,
                ("@root", options.RootName),
                ("@now", now)).ConfigureAwait(Systematic.KeepContext);
        }
    }

    /// <summary>A request without any later row, older than a lease, had a process that died before it began.</summary>
    private async Task<int> MarkInterruptedAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var until = now - options.LeaseDuration - options.AuthorizerTimeout;

        // What was looked at is not looked at again: the trail may be long, and recovery runs twice a minute.
        var from = Math.Max((now - InterruptedWindow).ToUnixTimeMilliseconds(), Volatile.Read(ref _interruptedUntil));
        List<(Guid Request, string Key, string User)> found;
        var session = await database.OpenAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        await using (session.ConfigureAwait(Systematic.KeepContext))
        {
            found = await session.QueryAsync(
                "audit_interrupted",
                static r => (Guid.Parse(r.GetString(0)), r.GetString(1), r.GetString(2)),
                cancellationToken,
                ("@root", options.RootName),
                ("@from", from),
                ("@to", until.ToUnixTimeMilliseconds()),
                ("@max", InterruptedPage)).ConfigureAwait(Systematic.KeepContext);
        }

        if (found.Count < InterruptedPage)
        {
            Volatile.Write(ref _interruptedUntil, (until - InterruptedOverlap).ToUnixTimeMilliseconds());
        }

        if (found.Count == 0)
        {
            return 0;
        }

        var audit = auditWriter.Begin();
        foreach (var (request, key, user) in found)
        {
            audit.Add(request, key, string.Empty, user, AuditResult.Interrupted);
        }

        session = await database.BeginAsync(options.LockTimeout, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        await using (session.ConfigureAwait(Systematic.KeepContext))
        {
            audit.Write(session);
            await session.CommitAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        }

        await audit.PublishAsync().ConfigureAwait(Systematic.KeepContext);
        return found.Count;
    }
}
