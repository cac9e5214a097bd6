namespace Resilience.Storage.Internal;

/// <summary>
/// The first half of the protocol for a set of deletions, in one transaction: lock the records, decide on the locked rows, write the journal rows, remove the
/// records. Nothing here touches a file. Stateless; the transaction is the caller's.
/// </summary>
internal sealed class BeginStep(
    IRecordAdapter records, IDeletableStore store, IDeletionAuthorizer authorizer, RootGuard root, FileDeletionOptions options, InstanceId instance, TimeProvider time)
{
    private readonly InlineAuthorizer? _inline = authorizer as InlineAuthorizer;

    // Where everyone may delete, nobody needs to be kept from knowing.
    private readonly bool _hides = options.HideExistence && authorizer is not AnyUserAuthorizer;

    public async Task RunAsync(SqlSession session, IReadOnlyList<DeletionWork> works, AuditBatch audit, bool wait, CancellationToken cancellationToken)
    {
        var groups = works.GroupBy(static w => w.Key, StringComparer.Ordinal).ToDictionary(static g => g.Key, static g => g.ToList(), StringComparer.Ordinal);
        var keys = groups.Keys.ToList();
        var locked = (await records.LockAsync(session, keys, wait, cancellationToken).ConfigureAwait(Systematic.KeepContext))
            .ToDictionary(static l => l.Record.Key, StringComparer.Ordinal);
        var journal = AskLive(session, keys, locked.Values);
        var sharing = records.AskShared(session, ValidPaths(locked.Values));
        await session.SendAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        var live = new LiveDeletions(journal);
        var shared = sharing.Rows;
        await AnswerMissingAsync(session, groups, locked, live, audit, wait, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        var accepted = new List<(DeletionWork Work, LockedRecord Locked)>();
        foreach (var (key, record) in locked.OrderBy(static l => l.Key, StringComparer.Ordinal))
        {
            DeletionWork? taker = null;
            foreach (var work in groups[key])
            {
                if (taker is not null)
                {
                    AnswerUnderWay(work, audit, record.Record, taker.Who.UserId);
                }
                else if (await DecideAsync(work, record, live, shared, audit, cancellationToken).ConfigureAwait(Systematic.KeepContext))
                {
                    taker = work;
                    accepted.Add((work, record));
                }
            }
        }

        if (accepted.Count > 0)
        {
            await CommitToAsync(session, accepted, audit, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        }
    }

    private static List<string> ValidPaths(IEnumerable<LockedRecord> locked) =>
        [.. locked.Where(static l => !l.IsPending).Select(static l => l.Record.Path).Where(StoragePath.IsValid).Distinct(StringComparer.Ordinal)];

    private static void Answer(DeletionWork work, AuditBatch audit, DeletionStatus status, AuditResult result, string? path = null, string? error = null)
    {
        work.Settle(status, error);
        audit.Add(work, result, path, error: error);
    }

    /// <summary>
    /// The deletion is under way, which is news only for who may know of the record: who asked for that deletion, or may ask for it. The trail keeps the truth.
    /// </summary>
    private void AnswerUnderWay(DeletionWork work, AuditBatch audit, FileRecord? record, string? user) =>
        Answer(work, audit, MayKnow(work, record, user) ? DeletionStatus.InProgress : DeletionStatus.NotFound, AuditResult.InProgress, record?.Path);

    private bool MayKnow(DeletionWork work, FileRecord? record, string? user)
    {
        if (!_hides || string.Equals(user, work.Who.UserId, StringComparison.Ordinal))
        {
            return true;
        }

        // Where the row went in the meantime, the judgement of a moment ago will do: nothing is done on the strength of it.
        return work.Judgement is { } judged
            ? judged.Allowed && (record is null || judged.Record.SameAs(record))
            : record is not null && _inline is not null && _inline.CanDelete(record, work.Who);
    }

    private SqlRows<LiveDeletion> AskLive(SqlSession session, IReadOnlyList<string> keys, IEnumerable<LockedRecord> locked) => session.Ask(
        "journal_live",
        static r => new LiveDeletion(r.GetString(0), r.GetString(1), r.GetString(2)),
        ("@root", options.RootName),
        ("@keys", JsonParameter.List(keys)),
        ("@paths", JsonParameter.List(ValidPaths(locked))));

    private async Task AnswerMissingAsync(
        SqlSession session,
        Dictionary<string, List<DeletionWork>> groups,
        Dictionary<string, LockedRecord> locked,
        LiveDeletions live,
        AuditBatch audit,
        bool wait,
        CancellationToken cancellationToken)
    {
        var missing = groups.Keys.Where(key => !locked.ContainsKey(key)).ToList();
        if (missing.Count == 0)
        {
            return;
        }

        var held = wait ? [] : await records.VisibleAsync(session, missing, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        var gone = missing.Except(held, StringComparer.Ordinal).ToList();

        // Asked again after the records and before the audit trail: a deletion that committed since the first look shows in the one or in the other.
        var asked = AskLive(session, gone, []);
        var succeeded = await session.QueryAsync(
            "audit_succeeded",
            static r => (Key: r.GetString(0), User: r.GetString(1)),
            cancellationToken,
            ("@root", options.RootName),
            ("@keys", JsonParameter.List(gone.Select(StoragePath.Printable)))).ConfigureAwait(Systematic.KeepContext);
        var deleted = succeeded.ToLookup(static s => s.Key, static s => s.User, StringComparer.Ordinal);
        var journal = new LiveDeletions(asked);
        foreach (var key in missing)
        {
            foreach (var work in groups[key])
            {
                if (held.Contains(key))
                {
                    work.Outcome = new(StepKind.Locked);
                }
                else if ((live.UserOf(key) ?? journal.UserOf(key)) is { } user)
                {
                    AnswerUnderWay(work, audit, null, user);
                }
                else if (deleted[StoragePath.Printable(key)].ToList() is { Count: > 0 } users)
                {
                    var told = MayKnow(work, null, null) || users.Contains(StoragePath.Printable(work.Who.UserId), StringComparer.Ordinal);
                    Answer(work, audit, told ? DeletionStatus.AlreadyDeleted : DeletionStatus.NotFound, AuditResult.AlreadyDeleted);
                }
                else
                {
                    Answer(work, audit, DeletionStatus.NotFound, AuditResult.NotFound);
                }
            }
        }
    }

    /// <summary>True when the deletion may go on; else its outcome is set.</summary>
    private async ValueTask<bool> DecideAsync(
        DeletionWork work, LockedRecord locked, LiveDeletions live, List<string> shared, AuditBatch audit, CancellationToken cancellationToken)
    {
        var record = locked.Record;
        if (work.Judgement is { } judged ? !judged.Record.SameAs(record) : _inline is null)
        {
            if (locked.IsPending)
            {
                AnswerUnderWay(work, audit, record, live.UserOf(record.Key));
                return false;
            }

            work.Outcome = new(StepKind.Rejudge);
            return false;
        }

        if (!(work.Judgement?.Allowed ?? _inline!.CanDelete(record, work.Who)))
        {
            Answer(work, audit, options.HideExistence ? DeletionStatus.NotFound : DeletionStatus.Denied, AuditResult.Denied, record.Path);
            return false;
        }

        if (locked.IsPending || live.Has(record))
        {
            Answer(work, audit, DeletionStatus.InProgress, AuditResult.InProgress, record.Path);
            return false;
        }

        if (StoragePath.Refusal(record.Path) is { } refusal)
        {
            Answer(work, audit, DeletionStatus.Refused, AuditResult.InvalidPath, record.Path, refusal);
            return false;
        }

        if (shared.Contains(record.Path))
        {
            Answer(work, audit, DeletionStatus.Refused, AuditResult.Refused, record.Path, "path_shared");
            return false;
        }

        return await LookAsync(work, record, audit, cancellationToken).ConfigureAwait(Systematic.KeepContext);
    }

    private async ValueTask<bool> LookAsync(DeletionWork work, FileRecord record, AuditBatch audit, CancellationToken cancellationToken)
    {
        FileProbe probe;
        try
        {
            probe = work.Judgement?.Probe ?? await store.ProbeAsync(record.Path, cancellationToken).ConfigureAwait(Systematic.KeepContext);
            if (probe.Kind == FileProbeKind.Missing)
            {
                await root.RequireMarkerAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            work.Outcome = new(StepKind.Broken, default, exception);
            audit.Add(work, AuditResult.Refused, record.Path, error: "probe_failed");
            return false;
        }

        if (probe.Kind == FileProbeKind.Refused)
        {
            Answer(work, audit, DeletionStatus.Refused, AuditResult.InvalidPath, record.Path, probe.Error);
            return false;
        }

        if (probe.Kind == FileProbeKind.Missing && options.MissingFile == MissingFileBehavior.Refuse)
        {
            Answer(work, audit, DeletionStatus.Refused, AuditResult.FileMissing, record.Path, "file_missing");
            return false;
        }

        if (probe.Links > 1 && options.RefuseHardLinks)
        {
            Answer(work, audit, DeletionStatus.Refused, AuditResult.Refused, record.Path, "hard_link");
            return false;
        }

        work.Entry = new JournalEntry(work.IdText, record.Key, record.Path, probe.Identity, JournalKind.Record, work.Who.UserId);
        return true;
    }

    private async Task CommitToAsync(
        SqlSession session, List<(DeletionWork Work, LockedRecord Locked)> accepted, AuditBatch audit, CancellationToken cancellationToken)
    {
        foreach (var (work, locked) in accepted)
        {
            work.Entry!.Snapshot = locked.Snapshot;
        }

        session.Tell(
            "journal_drop_failed", ("@root", options.RootName), ("@keys", JsonParameter.List(accepted.Select(static a => a.Locked.Record.Key))));
        var inserted = await JournalSql.InsertAsync(
            session, accepted.Select(static a => a.Work.Entry!), options, instance, time, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        var begun = new List<(JournalEntry Entry, LockedRecord Locked)>();
        foreach (var (work, locked) in accepted)
        {
            if (!inserted.Contains(work.IdText))
            {
                // Another record with the same path was quicker.
                Answer(work, audit, DeletionStatus.InProgress, AuditResult.InProgress, locked.Record.Path);
                work.Entry = null;
                continue;
            }

            if (work.Entry!.Identity.IsNone)
            {
                audit.Add(work, AuditResult.FileMissing);
            }

            begun.Add((work.Entry, locked));
            work.Outcome = new(StepKind.Begun);
        }

        if (begun.Count == 0)
        {
            return;
        }

        await records.RemoveAsync(session, begun, cancellationToken).ConfigureAwait(Systematic.KeepContext);

        // An upload that still writes to such a path can no longer be completed.
        session.Tell("upload_revoke", ("@root", options.RootName), ("@paths", JsonParameter.List(begun.Select(static b => b.Entry.Path))));
    }

    private sealed record LiveDeletion(string Key, string Path, string User);

    /// <summary>Deletions under way, by record and by path.</summary>
    private sealed class LiveDeletions(SqlRows<LiveDeletion> journal)
    {
        private readonly Dictionary<string, string> _users = journal.Rows.ToDictionary(static r => r.Key, static r => r.User, StringComparer.Ordinal);
        private readonly HashSet<string> _paths = journal.Rows.Select(static r => r.Path).ToHashSet(StringComparer.Ordinal);

        /// <summary>Whose deletion of the record is under way; null when none is.</summary>
        public string? UserOf(string key) => _users.GetValueOrDefault(key);

        public bool Has(FileRecord record) => _users.ContainsKey(record.Key) || _paths.Contains(record.Path);
    }
}
