using System.Data;
using System.Data.Common;

namespace Resilience.TestKit.Faults.Internal;

/// <summary>A transaction whose end runs through the script. Savepoints are passed on.</summary>
internal sealed class FaultyDbTransaction(FaultyDbConnection connection, DbTransaction real) : DbTransaction
{
    public override IsolationLevel IsolationLevel => real.IsolationLevel;

    public override bool SupportsSavepoints => real.SupportsSavepoints;

    internal DbTransaction Real => real;

    protected override DbConnection DbConnection => connection;

    public override void Commit() => connection.Steps.Run(connection.Real, "commit", () =>
    {
        real.Commit();
        return true;
    });

    public override Task CommitAsync(CancellationToken cancellationToken = default) =>
        connection.Steps.RunAsync(connection.Real, "commit", () => real.CommitAsync(cancellationToken), cancellationToken);

    public override void Rollback() => connection.Steps.Run(connection.Real, "rollback", () =>
    {
        real.Rollback();
        return true;
    });

    public override Task RollbackAsync(CancellationToken cancellationToken = default) =>
        connection.Steps.RunAsync(connection.Real, "rollback", () => real.RollbackAsync(cancellationToken), cancellationToken);

    public override void Save(string savepointName) => real.Save(savepointName);

    public override Task SaveAsync(string savepointName, CancellationToken cancellationToken = default) => real.SaveAsync(savepointName, cancellationToken);

    public override void Rollback(string savepointName) => real.Rollback(savepointName);

    public override Task RollbackAsync(string savepointName, CancellationToken cancellationToken = default) => real.RollbackAsync(savepointName, cancellationToken);

    public override void Release(string savepointName) => real.Release(savepointName);

    public override Task ReleaseAsync(string savepointName, CancellationToken cancellationToken = default) => real.ReleaseAsync(savepointName, cancellationToken);

    public override async ValueTask DisposeAsync()
    {
        await real.DisposeAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            real.Dispose();
        }

        base.Dispose(disposing);
    }
}
