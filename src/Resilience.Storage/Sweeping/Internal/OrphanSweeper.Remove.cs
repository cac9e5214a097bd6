using System.Globalization;

namespace Resilience.Storage.Internal;

/// <content>Setting files aside, deleting them, and bringing them back.</content>
internal sealed partial class OrphanSweeper
{
    private const int Page = 100;

    private enum HeldState
    {
        Moving = 1,
        Held = 2,
        Restoring = 3,
        Purging = 4,
    }

    /// <summary>Removes suspects. Whatever happens to one does not concern the next; a failure of the database ends the run.</summary>
    private async Task RemoveAsync(SweepRun run, List<string> suspects, CancellationToken cancellationToken)
    {
        if (run.DryRun)
        {
            await AuditAsync(run.Id, suspects, AuditResult.OrphanFound, cancellationToken).ConfigureAwait(Systematic.KeepContext);
            return;
        }

        foreach (var part in suspects.Chunk(Page))
        {
            var claims = await ClaimAsync(part, cancellationToken).ConfigureAwait(Systematic.KeepContext);
            try
            {
                await RemoveClaimedAsync(run, claims, cancellationToken).ConfigureAwait(Systematic.KeepContext);
            }
            finally
            {
                await WriteAsync("upload_remove", CancellationToken.None, ("@ids", JsonParameter.List(claims.Values))).ConfigureAwait(Systematic.KeepContext);
            }
        }
    }

    /// <summary>Claims paths where uploads claim theirs: from here on no upload can begin there, and one that had begun keeps its path.</summary>
    private async Task<Dictionary<string, string>> ClaimAsync(string[] paths, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var ids = paths.ToDictionary(static p => p, _ => Guid.CreateVersion7(now).ToString("D"), StringComparer.Ordinal);
        var session = await database.BeginAsync(deletionOptions.LockTimeout, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        await using (session.ConfigureAwait(Systematic.KeepContext))
        {
            var claimed = await session.QueryAsync(
                "upload_claim",
                static r => r.GetString(0),
                cancellationToken,
                ("@root", deletionOptions.RootName),
                ("@user", System),
                ("@lease", (now + options.LeaseDuration).ToUnixTimeMilliseconds()),
                ("@now", now.ToUnixTimeMilliseconds()),
                ("@rows", JsonParameter.Rows(ids.OrderBy(static i => i.Key, StringComparer.Ordinal), static (writer, item) =>
                {
                    writer.WriteStringValue(item.Value);
                    writer.WriteStringValue(item.Key);
                }))).ConfigureAwait(Systematic.KeepContext);
            await session.CommitAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
            var mine = claimed.ToHashSet(StringComparer.Ordinal);
            return ids.Where(i => mine.Contains(i.Key)).ToDictionary(StringComparer.Ordinal);
        }
    }

    private async Task RemoveClaimedAsync(SweepRun run, Dictionary<string, string> claims, CancellationToken cancellationToken)
    {
        HashSet<string> known;
        Systematic.Interleave("storage.sweep.claimed");
        var session = await database.BeginSnapshotAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        await using (session.ConfigureAwait(Systematic.KeepContext))
        {
            // One moment, after the claim: a record that an upload completed before it is seen, and one after it cannot be.
            known = await Known.InRecordsAndJournalAsync(session, records, store, deletionOptions, claims.Keys, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        }

        foreach (var (path, id) in claims.Where(c => !known.Contains(c.Key)))
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                var probe = await store.ProbeAsync(path, cancellationToken).ConfigureAwait(Systematic.KeepContext);
                if (probe.Kind != FileProbeKind.File || IsYoung(probe))
                {
                    continue;
                }

                await RemoveOneAsync(run, path, id, probe.Identity, cancellationToken).ConfigureAwait(Systematic.KeepContext);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                run.Failed++;
                StorageLog.OrphanFailed(logger, exception);
            }
        }
    }

    private bool IsYoung(FileProbe probe) => options.MinimumAge > TimeSpan.Zero && probe.ChangedAt > time.GetUtcNow() - options.MinimumAge;

    private async Task RemoveOneAsync(SweepRun run, string path, string id, FileIdentity identity, CancellationToken cancellationToken)
    {
        if (options.Retention == TimeSpan.Zero)
        {
            if (await store.DeleteAsync(path, identity, cancellationToken).ConfigureAwait(Systematic.KeepContext) == FileRemoval.Removed)
            {
                await store.FlushAsync([path], cancellationToken).ConfigureAwait(Systematic.KeepContext);
                run.Deleted++;
                await AuditAsync(run.Id, [path], AuditResult.OrphanDeleted, cancellationToken).ConfigureAwait(Systematic.KeepContext);
            }

            return;
        }

        // The row first: a file that was moved by a process that then died is found by it.
        var name = string.Create(CultureInfo.InvariantCulture, $"{id}.orphan");
        await WriteAsync(
            "quarantine_insert",
            cancellationToken,
            ("@root", deletionOptions.RootName),
            ("@now", time.GetUtcNow().ToUnixTimeMilliseconds()),
            ("@rows", JsonParameter.Rows([(id, path, name, identity)], static (writer, item) =>
            {
                writer.WriteStringValue(item.id);
                writer.WriteStringValue(item.path);
                writer.WriteStringValue(item.name);
                writer.WriteStringValue(item.identity.ToString());
            }))).ConfigureAwait(Systematic.KeepContext);
        // If this throws, moved or not: the next sweep looks.
        var moved = await _quarantine!.SetAsideAsync(path, name, identity, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        if (moved == FileRemoval.Removed)
        {
            await MoveAsync(id, HeldState.Moving, HeldState.Held, cancellationToken).ConfigureAwait(Systematic.KeepContext);
            run.Quarantined++;
            await AuditAsync(run.Id, [path], AuditResult.OrphanQuarantined, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        }
        else
        {
            await WriteAsync("quarantine_remove", cancellationToken, ("@ids", JsonParameter.List([id]))).ConfigureAwait(Systematic.KeepContext);
        }
    }

    private Task<int> MoveAsync(string id, HeldState from, HeldState to, CancellationToken cancellationToken) => WriteAsync(
        "quarantine_move", cancellationToken, ("@ids", JsonParameter.List([id])), ("@from", (int)from), ("@to", (int)to));

    private async Task AuditAsync(Guid sweep, IEnumerable<string> paths, AuditResult result, CancellationToken cancellationToken, string user = System)
    {
        var audit = auditWriter.Begin();
        foreach (var path in paths)
        {
            audit.Add(sweep, string.Empty, path, user, result);
        }

        var session = await database.BeginAsync(deletionOptions.LockTimeout, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        await using (session.ConfigureAwait(Systematic.KeepContext))
        {
            audit.Write(session);
            await session.CommitAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        }

        await audit.PublishAsync().ConfigureAwait(Systematic.KeepContext);
    }
}
