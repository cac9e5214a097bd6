namespace Resilience.Storage.Internal;

/// <content>The passes over all names, and what makes their picture implausible.</content>
internal sealed partial class OrphanSweeper
{
    private void RequirePlausible(SweepRun run)
    {
        if (run.Orphans == 0)
        {
            return;
        }

        if (run.Known == 0)
        {
            throw new SweepAbortedException("no_records");
        }

        if (run.Orphans > options.MaxOrphans || (run.Orphans > options.OrphanFloor && run.Orphans > options.MaxOrphanFraction * run.Scanned))
        {
            throw new SweepAbortedException("too_many_orphans");
        }
    }

    /// <summary>One pass over all names: the first counts, the second removes.</summary>
    private async Task ScanAsync(SweepRun run, IProgress<SweepProgress>? progress, bool removing, CancellationToken cancellationToken)
    {
        var chunk = new List<string>(options.ChunkSize);
        long scanned = 0, orphans = 0;
        await foreach (var path in store.ListAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext))
        {
            cancellationToken.ThrowIfCancellationRequested();
            scanned++;
            if (!StoragePath.IsValid(path))
            {
                run.Ignored += removing ? 0 : 1;
                continue;
            }

            chunk.Add(path);
            if (chunk.Count == options.ChunkSize)
            {
                orphans += await ChunkAsync(run, chunk, orphans, removing, cancellationToken).ConfigureAwait(Systematic.KeepContext);
                chunk.Clear();
                progress?.Report(new(scanned, orphans, removing));
                StorageLog.SweepProgress(logger, run.Id, scanned, orphans);
            }
        }

        orphans += await ChunkAsync(run, chunk, orphans, removing, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        progress?.Report(new(scanned, orphans, removing));
        if (!removing)
        {
            (run.Scanned, run.Orphans) = (scanned, orphans);
        }
    }

    private async Task<int> ChunkAsync(SweepRun run, List<string> chunk, long before, bool removing, CancellationToken cancellationToken)
    {
        if (chunk.Count == 0)
        {
            return 0;
        }

        if (!await TryLeaseAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext))
        {
            throw new SweepAbortedException("lease_lost");
        }

        HashSet<string> known;
        Systematic.Interleave("storage.sweep.query");
        var session = await database.OpenAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        await using (session.ConfigureAwait(Systematic.KeepContext))
        {
            known = await Known.AnywhereAsync(session, records, store, deletionOptions, chunk, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        }

        var suspects = chunk.Where(path => !known.Contains(path)).ToList();
        if (!removing)
        {
            run.Known += chunk.Count - suspects.Count;
            return suspects.Count;
        }

        // A few may have come since they were counted. Many would mean that the database answers otherwise than before.
        if (before + suspects.Count > Math.Min(options.MaxOrphans, run.Orphans + Math.Max(run.Orphans, options.OrphanFloor)))
        {
            throw new SweepAbortedException("too_many_orphans");
        }

        if (suspects.Count > 0)
        {
            await RequirePairedAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
            await RemoveAsync(run, suspects, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        }

        return suspects.Count;
    }
}
