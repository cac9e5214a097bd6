using System.Data.Common;

namespace Resilience.Storage.Internal;

/// <content>The lease that keeps sweeps one at a time, over all nodes.</content>
internal sealed partial class OrphanSweeper
{
    private async Task<bool> TryLeaseAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        return await WriteAsync(
            "sweep_claim",
            cancellationToken,
            ("@root", deletionOptions.RootName),
            ("@owner", instance.Value),
            ("@lease", (now + options.LeaseDuration).ToUnixTimeMilliseconds()),
            ("@now", now.ToUnixTimeMilliseconds())).ConfigureAwait(Systematic.KeepContext) == 1;
    }

    private async Task ReleaseAsync(bool dryRun)
    {
        try
        {
            await WriteAsync(
                "sweep_release",
                CancellationToken.None,
                ("@root", deletionOptions.RootName),
                ("@owner", instance.Value),
                ("@swept", dryRun ? 0L : time.GetUtcNow().ToUnixTimeMilliseconds())).ConfigureAwait(Systematic.KeepContext);
        }
        catch (DbException)
        {
            // The lease runs out by itself.
        }
    }

    private async Task<int> WriteAsync(string name, CancellationToken cancellationToken, params (string Name, object? Value)[] parameters)
    {
        var session = await database.BeginAsync(deletionOptions.LockTimeout, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        await using (session.ConfigureAwait(Systematic.KeepContext))
        {
            var changed = await session.ExecuteAsync(name, cancellationToken, parameters).ConfigureAwait(Systematic.KeepContext);
            await session.CommitAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
            return changed;
        }
    }
}
