using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;

namespace Resilience.TestKit.Faults.Internal;

/// <summary>A command whose execution runs through the script.</summary>
internal sealed class FaultyDbCommand(FaultyDbConnection connection, DbCommand real) : DbCommand
{
    private FaultyDbConnection? _connection = connection;
    private FaultyDbTransaction? _transaction;

    [AllowNull]
    public override string CommandText
    {
        get => real.CommandText;
#pragma warning disable CA2100 // Passed on as it is.
        set => real.CommandText = value;
#pragma warning restore CA2100
    }

    public override int CommandTimeout
    {
        get => real.CommandTimeout;
        set => real.CommandTimeout = value;
    }

    public override CommandType CommandType
    {
        get => real.CommandType;
        set => real.CommandType = value;
    }

    public override bool DesignTimeVisible
    {
        get => real.DesignTimeVisible;
        set => real.DesignTimeVisible = value;
    }

    public override UpdateRowSource UpdatedRowSource
    {
        get => real.UpdatedRowSource;
        set => real.UpdatedRowSource = value;
    }

    protected override DbConnection? DbConnection
    {
        get => _connection;
        set
        {
            _connection = (FaultyDbConnection?)value;
            real.Connection = _connection?.Real;
        }
    }

    protected override DbParameterCollection DbParameterCollection => real.Parameters;

    protected override DbTransaction? DbTransaction
    {
        get => _transaction;
        set
        {
            _transaction = (FaultyDbTransaction?)value;
            real.Transaction = _transaction?.Real;
        }
    }

    private FaultyDbConnection Connected => _connection ?? throw new InvalidOperationException("The command has no connection.");

    public override void Cancel() => real.Cancel();

    public override void Prepare() => real.Prepare();

    public override Task PrepareAsync(CancellationToken cancellationToken = default) => real.PrepareAsync(cancellationToken);

    public override int ExecuteNonQuery() => Run(real.ExecuteNonQuery);

    public override Task<int> ExecuteNonQueryAsync(CancellationToken cancellationToken) => RunAsync(() => real.ExecuteNonQueryAsync(cancellationToken), cancellationToken);

    public override object? ExecuteScalar() => Run(real.ExecuteScalar);

    public override Task<object?> ExecuteScalarAsync(CancellationToken cancellationToken) => RunAsync(() => real.ExecuteScalarAsync(cancellationToken), cancellationToken);

    public override async ValueTask DisposeAsync()
    {
        await real.DisposeAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }

    protected override DbParameter CreateDbParameter() => real.CreateParameter();

    protected override DbDataReader ExecuteDbDataReader(CommandBehavior behavior) => Run(() => real.ExecuteReader(behavior));

    protected override Task<DbDataReader> ExecuteDbDataReaderAsync(CommandBehavior behavior, CancellationToken cancellationToken) =>
        RunAsync(() => real.ExecuteReaderAsync(behavior, cancellationToken), cancellationToken);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            real.Dispose();
        }

        base.Dispose(disposing);
    }

    private T Run<T>(Func<T> effect) => Connected.Steps.Run(Connected.Real, Connected.Steps.NameOf(CommandText), effect);

    private Task<T> RunAsync<T>(Func<Task<T>> effect, CancellationToken cancellationToken) =>
        Connected.Steps.RunAsync(Connected.Real, Connected.Steps.NameOf(CommandText), effect, cancellationToken);
}
