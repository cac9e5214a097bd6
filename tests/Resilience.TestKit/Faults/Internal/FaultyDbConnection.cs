using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;

namespace Resilience.TestKit.Faults.Internal;

/// <summary>A connection whose opening and transactions run through the script.</summary>
internal sealed class FaultyDbConnection(DbConnection real, FaultyDbSteps steps) : DbConnection
{
    [AllowNull]
    public override string ConnectionString
    {
        get => real.ConnectionString;
        set => real.ConnectionString = value;
    }

    public override string Database => real.Database;

    public override string DataSource => real.DataSource;

    public override string ServerVersion => real.ServerVersion;

    public override ConnectionState State => real.State;

    internal DbConnection Real => real;

    internal FaultyDbSteps Steps => steps;

    public override void ChangeDatabase(string databaseName) => real.ChangeDatabase(databaseName);

    public override void Open() => steps.Run(real, "open", () =>
    {
        real.Open();
        return true;
    });

    public override Task OpenAsync(CancellationToken cancellationToken) => steps.RunAsync(real, "open", () => real.OpenAsync(cancellationToken), cancellationToken);

    public override void Close() => real.Close();

    public override Task CloseAsync() => real.CloseAsync();

    public override async ValueTask DisposeAsync()
    {
        await real.DisposeAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }

    protected override DbTransaction BeginDbTransaction(IsolationLevel isolationLevel) =>
        new FaultyDbTransaction(this, steps.Run(real, "begin", () => real.BeginTransaction(isolationLevel)));

    protected override async ValueTask<DbTransaction> BeginDbTransactionAsync(IsolationLevel isolationLevel, CancellationToken cancellationToken)
    {
        var transaction = await steps.RunAsync(real, "begin", () => real.BeginTransactionAsync(isolationLevel, cancellationToken).AsTask(), cancellationToken).ConfigureAwait(false);
        return new FaultyDbTransaction(this, transaction);
    }

    protected override DbCommand CreateDbCommand() => new FaultyDbCommand(this, real.CreateCommand());

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            real.Dispose();
        }

        base.Dispose(disposing);
    }
}
