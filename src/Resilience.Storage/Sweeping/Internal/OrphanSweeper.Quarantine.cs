using System.Data.Common;

namespace Resilience.Storage.Internal;

/// <content>The quarantine.</content>
internal sealed partial class OrphanSweeper
{
    public async Task<IReadOnlyList<QuarantinedFile>> ListQuarantineAsync(Guid? after, int limit, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, 1000);
        await initializer.EnsureSchemaAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        var rows = await HeldAsync(HeldState.Held, long.MaxValue, after?.ToString("D") ?? string.Empty, limit, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        return [.. rows.Select(static r => new QuarantinedFile(Guid.Parse(r.Id), r.Path, DateTimeOffset.FromUnixTimeMilliseconds(r.FoundAt)))];
    }

    public async Task<bool> RestoreAsync(Guid id, CancellationToken cancellationToken)
    {
        await initializer.EnsureAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        var session = await database.OpenAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        List<Held> rows;
        await using (session.ConfigureAwait(Systematic.KeepContext))
        {
            rows = await session.QueryAsync("quarantine_get", Read, cancellationToken, ("@id", id.ToString("D"))).ConfigureAwait(Systematic.KeepContext);
        }

        return rows.Count == 1 && await BringBackAsync(id, rows[0], cancellationToken).ConfigureAwait(Systematic.KeepContext);
    }

    public async Task AcceptRootAsync(string userId, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(userId);
        await initializer.EnsureSchemaAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        await root.AcceptAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        await AuditAsync(Guid.CreateVersion7(time.GetUtcNow()), [string.Empty], AuditResult.RootAccepted, cancellationToken, userId).ConfigureAwait(Systematic.KeepContext);
        StorageLog.RootAccepted(logger, deletionOptions.RootName);
    }

    /// <summary>Finishes what a process that died was doing with files in quarantine.</summary>
    private async Task ResumeAsync(SweepRun run, CancellationToken cancellationToken)
    {
        if (_quarantine is null || run.DryRun)
        {
            return;
        }

        foreach (var state in (HeldState[])[HeldState.Moving, HeldState.Restoring, HeldState.Purging])
        {
            foreach (var held in await HeldAsync(state, long.MaxValue, string.Empty, 1000, cancellationToken).ConfigureAwait(Systematic.KeepContext))
            {
                await ResumeOneAsync(run, held, state, cancellationToken).ConfigureAwait(Systematic.KeepContext);
            }
        }
    }

    private async Task ResumeOneAsync(SweepRun run, Held held, HeldState state, CancellationToken cancellationToken)
    {
        switch (state)
        {
            case HeldState.Purging:
                await PurgeOneAsync(run, held, cancellationToken).ConfigureAwait(Systematic.KeepContext);
                break;
            case HeldState.Restoring:
                // Whether it was moved back or not, asking again is right.
                await MoveAsync(held.Id, HeldState.Restoring, HeldState.Held, cancellationToken).ConfigureAwait(Systematic.KeepContext);
                await BringBackAsync(run.Id, held with { State = (int)HeldState.Held }, cancellationToken).ConfigureAwait(Systematic.KeepContext);
                break;
            default:
                var probe = await store.ProbeAsync(held.Path, cancellationToken).ConfigureAwait(Systematic.KeepContext);
                if (probe.Kind == FileProbeKind.File && probe.Identity.ToString() == held.Identity)
                {
                    // It was never moved: it is a file like any other, and is found again if nobody has it.
                    await WriteAsync("quarantine_remove", cancellationToken, ("@ids", JsonParameter.List([held.Id]))).ConfigureAwait(Systematic.KeepContext);
                }
                else
                {
                    await MoveAsync(held.Id, HeldState.Moving, HeldState.Held, cancellationToken).ConfigureAwait(Systematic.KeepContext);
                    await AuditAsync(run.Id, [held.Path], AuditResult.OrphanQuarantined, cancellationToken).ConfigureAwait(Systematic.KeepContext);
                }

                break;
        }
    }

    /// <summary>Files whose time is over are deleted, unless a record has them by now: then they come back.</summary>
    private async Task PurgeAsync(SweepRun run, CancellationToken cancellationToken)
    {
        if (_quarantine is null)
        {
            return;
        }

        var before = (time.GetUtcNow() - options.Retention).ToUnixTimeMilliseconds();
        var after = string.Empty;
        while (true)
        {
            var page = await HeldAsync(HeldState.Held, before, after, Page, cancellationToken).ConfigureAwait(Systematic.KeepContext);
            if (page.Count == 0)
            {
                return;
            }

            HashSet<string> known;
            var session = await database.BeginSnapshotAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
            await using (session.ConfigureAwait(Systematic.KeepContext))
            {
                known = await Known.InRecordsAndJournalAsync(session, records, store, deletionOptions, [.. page.Select(static h => h.Path)], cancellationToken).ConfigureAwait(Systematic.KeepContext);
            }

            foreach (var held in page)
            {
                cancellationToken.ThrowIfCancellationRequested();
                try
                {
                    if (!known.Contains(held.Path))
                    {
                        // Somebody may be bringing it back at this moment: who wins the row decides.
                        if (await MoveAsync(held.Id, HeldState.Held, HeldState.Purging, cancellationToken).ConfigureAwait(Systematic.KeepContext) == 1)
                        {
                            await PurgeOneAsync(run, held, cancellationToken).ConfigureAwait(Systematic.KeepContext);
                        }
                    }
                    else if (await BringBackAsync(run.Id, held, cancellationToken).ConfigureAwait(Systematic.KeepContext))
                    {
                        run.Restored++;
                    }
                }
                catch (IOException exception)
                {
                    run.Failed++;
                    StorageLog.OrphanFailed(logger, exception);
                }
            }

            after = page[^1].Id;
        }
    }

    private async Task PurgeOneAsync(SweepRun run, Held held, CancellationToken cancellationToken)
    {
        await _quarantine!.PurgeAsync(held.Name, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        await WriteAsync("quarantine_remove", cancellationToken, ("@ids", JsonParameter.List([held.Id]))).ConfigureAwait(Systematic.KeepContext);
        run.Deleted++;
        await AuditAsync(run.Id, [held.Path], AuditResult.OrphanDeleted, cancellationToken).ConfigureAwait(Systematic.KeepContext);
    }

    private async Task<bool> BringBackAsync(Guid request, Held held, CancellationToken cancellationToken)
    {
        if (_quarantine is null || await MoveAsync(held.Id, HeldState.Held, HeldState.Restoring, cancellationToken).ConfigureAwait(Systematic.KeepContext) != 1)
        {
            return false;
        }

        if (!await _quarantine.RestoreAsync(held.Name, held.Path, cancellationToken).ConfigureAwait(Systematic.KeepContext))
        {
            var there = await store.ProbeAsync(held.Path, cancellationToken).ConfigureAwait(Systematic.KeepContext);
            if (there.Identity.ToString() != held.Identity)
            {
                // Another file has the path: this one stays where it is.
                await MoveAsync(held.Id, HeldState.Restoring, HeldState.Held, cancellationToken).ConfigureAwait(Systematic.KeepContext);
                return false;
            }
        }

        await WriteAsync("quarantine_remove", cancellationToken, ("@ids", JsonParameter.List([held.Id]))).ConfigureAwait(Systematic.KeepContext);
        await AuditAsync(request, [held.Path], AuditResult.OrphanRestored, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        return true;
    }

    private async Task<List<Held>> HeldAsync(HeldState state, long before, string after, int max, CancellationToken cancellationToken)
    {
        var session = await database.OpenAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        await using (session.ConfigureAwait(Systematic.KeepContext))
        {
            return await session.QueryAsync(
                "quarantine_list",
                Read,
                cancellationToken,
                ("@root", deletionOptions.RootName),
                ("@state", (int)state),
                ("@before", before),
                ("@after", after),
                ("@max", max)).ConfigureAwait(Systematic.KeepContext);
        }
    }

    private static Held Read(DbDataReader r) => new(r.GetString(0), r.GetString(1), r.GetString(2), r.GetString(3), r.GetInt32(4), r.GetInt64(5));

    private sealed record Held(string Id, string Path, string Name, string Identity, int State, long FoundAt);
}
