using System.Data.Common;
using Microsoft.Extensions.Logging;

namespace Resilience.Storage.Internal;

/// <summary>
/// The claims on paths. One unique index is what an upload, a sweep and another upload meet at. A claim that ran out is first taken over in the database and
/// only then loses its file, so that a slow uploader fails when it completes and never leaves a record without a file. Safe for concurrent use.
/// </summary>
internal sealed class UploadRegistry(
    StorageDatabase database,
    StorageInitializer initializer,
    IDeletableStore store,
    IRecordAdapter records,
    AuditWriter auditWriter,
    FileDeletionOptions options,
    StorageMetrics metrics,
    TimeProvider time,
    ILogger<UploadRegistry> logger) : IUploadRegistry
{
    private const int ReapPage = 100;

    public async Task<UploadLease?> BeginAsync(string path, string userId, CancellationToken cancellationToken)
    {
        if (StoragePath.Refusal(path) is { } refusal)
        {
            throw new ArgumentException($"The path is refused: {refusal}.", nameof(path));
        }

        ArgumentException.ThrowIfNullOrEmpty(userId);
        await initializer.EnsureAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        var now = time.GetUtcNow();
        var lease = new UploadLease(Guid.CreateVersion7(now), path, now + options.UploadLease);
        var session = await database.BeginAsync(options.LockTimeout, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        await using (session.ConfigureAwait(Systematic.KeepContext))
        {
            var inserted = await session.ExecuteAsync(
                "upload_begin",
                cancellationToken,
                ("@id", lease.Id.ToString("D")),
                ("@root", options.RootName),
                ("@path", path),
                ("@user", userId),
                ("@lease", lease.ExpiresAt.ToUnixTimeMilliseconds()),
                ("@now", now.ToUnixTimeMilliseconds())).ConfigureAwait(Systematic.KeepContext);
            if (inserted == 0 || (await DeletionsAsync(session, path, cancellationToken).ConfigureAwait(Systematic.KeepContext)).Count > 0)
            {
                return null;
            }

            await session.CommitAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        }

        return lease;
    }

    public async Task<UploadLease?> RenewAsync(UploadLease lease, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(lease);
        var until = time.GetUtcNow() + options.UploadLease;
        var renewed = await WriteAsync(
            "upload_renew", cancellationToken, ("@id", lease.Id.ToString("D")), ("@lease", until.ToUnixTimeMilliseconds())).ConfigureAwait(Systematic.KeepContext);
        return renewed == 1 ? lease with { ExpiresAt = until } : null;
    }

    public async Task<bool> CompleteAsync(DbTransaction transaction, UploadLease lease, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        ArgumentNullException.ThrowIfNull(lease);
        var session = await database.JoinAsync(transaction, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        var ended = await session.ExecuteAsync("upload_complete", cancellationToken, ("@id", lease.Id.ToString("D"))).ConfigureAwait(Systematic.KeepContext);
        if (ended != 1)
        {
            return false;
        }

        // Under the claim that this transaction holds now: nobody reaps it any more, so what is there stays there.
        var probe = await store.ProbeAsync(lease.Path, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        if (probe.Kind != FileProbeKind.File)
        {
            return false;
        }

        await store.FlushAsync([lease.Path], cancellationToken).ConfigureAwait(Systematic.KeepContext);
        return true;
    }

    public async Task AbortAsync(UploadLease lease, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(lease);
        var now = time.GetUtcNow();
        var id = lease.Id.ToString("D");
        var taken = await WriteAsync(
            "upload_take",
            cancellationToken,
            ("@id", id),
            ("@lease", (now + options.LeaseDuration).ToUnixTimeMilliseconds())).ConfigureAwait(Systematic.KeepContext);
        if (taken == 1)
        {
            await RemoveAsync(id, lease.Path, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        }
    }

    /// <summary>Cleans up abandoned uploads: claims that ran out, and claims that a sweep or an abort left when its process died.</summary>
    public async Task<int> ReapAsync(CancellationToken cancellationToken)
    {
        await initializer.EnsureAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        var reaped = 0;
        foreach (var (id, path, user, isSweep) in await ExpiredAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext))
        {
            var now = time.GetUtcNow();
            var taken = await WriteAsync(
                "upload_reap_expired",
                cancellationToken,
                ("@id", id),
                ("@now", now.ToUnixTimeMilliseconds()),
                ("@lease", (now + options.LeaseDuration).ToUnixTimeMilliseconds())).ConfigureAwait(Systematic.KeepContext);
            if (taken != 1)
            {
                continue;
            }

            if (isSweep)
            {
                // A sweep's claim says nothing of the file: the next sweep looks at it anew.
                await WriteAsync("upload_remove", cancellationToken, ("@ids", JsonParameter.List([id]))).ConfigureAwait(Systematic.KeepContext);
            }
            else if (await TryRemoveAsync(id, path, cancellationToken).ConfigureAwait(Systematic.KeepContext))
            {
                reaped++;
                metrics.UploadReaped();
                await auditWriter.WriteNowAsync(database, Guid.Parse(id), path, user, AuditResult.UploadReaped, cancellationToken).ConfigureAwait(Systematic.KeepContext);
            }
        }

        return reaped;
    }

    /// <summary>A file that cannot be deleted now stays for a later run, and does not keep the others.</summary>
    private async Task<bool> TryRemoveAsync(string id, string path, CancellationToken cancellationToken)
    {
        try
        {
            return await RemoveAsync(id, path, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or SweepAbortedException)
        {
            StorageLog.UploadNotReaped(logger, id, exception);
            return false;
        }
    }

    private Task<List<string>> DeletionsAsync(SqlSession session, string path, CancellationToken cancellationToken) => session.QueryAsync(
        "known_in_journal", static r => r.GetString(0), cancellationToken, ("@root", options.RootName), ("@paths", JsonParameter.List([path])));

    /// <summary>Deletes the file of a claim that is taken over, unless a record has it, then the claim.</summary>
    private async Task<bool> RemoveAsync(string id, string path, CancellationToken cancellationToken)
    {
        var probe = await store.ProbeAsync(path, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        if (probe.Kind == FileProbeKind.File)
        {
            // A record may have the path: the application inserted it early, or brought back by a deletion that failed.
            var session = await database.BeginSnapshotAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
            await using (session.ConfigureAwait(Systematic.KeepContext))
            {
                var known = await Known.InRecordsAndJournalAsync(session, records, store, options, [path], cancellationToken).ConfigureAwait(Systematic.KeepContext);
                if (!known.Contains(path))
                {
                    await store.DeleteAsync(path, probe.Identity, cancellationToken).ConfigureAwait(Systematic.KeepContext);
                    await store.FlushAsync([path], cancellationToken).ConfigureAwait(Systematic.KeepContext);
                }
            }
        }

        await WriteAsync("upload_remove", cancellationToken, ("@ids", JsonParameter.List([id]))).ConfigureAwait(Systematic.KeepContext);
        return true;
    }

    private async Task<List<(string Id, string Path, string User, bool IsSweep)>> ExpiredAsync(CancellationToken cancellationToken)
    {
        var session = await database.OpenAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        await using (session.ConfigureAwait(Systematic.KeepContext))
        {
            return await session.QueryAsync(
                "upload_expired",
                static r => (r.GetString(0), r.GetString(1), r.GetString(2), r.GetInt32(3) == 3),
                cancellationToken,
                ("@root", options.RootName),
                ("@now", time.GetUtcNow().ToUnixTimeMilliseconds()),
                ("@max", ReapPage)).ConfigureAwait(Systematic.KeepContext);
        }
    }

    private async Task<int> WriteAsync(string name, CancellationToken cancellationToken, params (string Name, object? Value)[] parameters)
    {
        var session = await database.BeginAsync(options.LockTimeout, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        await using (session.ConfigureAwait(Systematic.KeepContext))
        {
            var changed = await session.ExecuteAsync(name, cancellationToken, parameters).ConfigureAwait(Systematic.KeepContext);
            await session.CommitAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
            return changed;
        }
    }
}
