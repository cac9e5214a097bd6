using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;

namespace Resilience.Data;

/// <summary>A watched batch: one operation, but each of its statements counts in a scope.</summary>
internal sealed class MonitoredDbBatch(DbBatch inner, MonitoredDbConnection? connection, QueryMonitor monitor, string? system) : DbBatch, IWatched
{
    private MonitoredDbConnection? _owner = connection;

    private DbBatch Inner => inner;

    public override int Timeout
    {
        get => inner.Timeout;
        set => inner.Timeout = value;
    }

    protected override DbBatchCommandCollection DbBatchCommands => inner.BatchCommands;

    protected override DbConnection? DbConnection
    {
        get => (DbConnection?)_owner ?? inner.Connection;
        set
        {
            _owner = value as MonitoredDbConnection;
            inner.Connection = _owner?.Inner ?? value;
        }
    }

    protected override DbTransaction? DbTransaction
    {
        get => inner.Transaction;
        set => inner.Transaction = value is MonitoredDbTransaction wrapped ? wrapped.Inner : value;
    }

    QueryMonitor IWatched.Monitor => monitor;

    string? IWatched.Reported => string.IsNullOrEmpty(system) ? null : system;

    public override int ExecuteNonQuery() => Watching.Run(this, static b => b.Inner.ExecuteNonQuery());

    public override object? ExecuteScalar() => Watching.Run(this, static b => b.Inner.ExecuteScalar());

    public override Task<int> ExecuteNonQueryAsync(CancellationToken cancellationToken = default) =>
        Watching.RunAsync(this, static (b, token) => b.Inner.ExecuteNonQueryAsync(token), cancellationToken);

    public override Task<object?> ExecuteScalarAsync(CancellationToken cancellationToken = default) =>
        Watching.RunAsync(this, static (b, token) => b.Inner.ExecuteScalarAsync(token), cancellationToken);

    public override void Prepare() => inner.Prepare();

    public override Task PrepareAsync(CancellationToken cancellationToken = default) => inner.PrepareAsync(cancellationToken);

    public override void Cancel() => inner.Cancel();

    [SuppressMessage("Usage", "CA2215", Justification = "The base would dispose what is inside a second time, synchronously.")]
    public override void Dispose() => inner.Dispose();

    [SuppressMessage("Usage", "CA2215", Justification = "The base would dispose what is inside a second time, synchronously.")]
    public override ValueTask DisposeAsync() => inner.DisposeAsync();

    protected override DbBatchCommand CreateDbBatchCommand() => inner.CreateBatchCommand();

    QueryShape? IWatched.Count(QueryScope? scope, long start, long executed, Exception? error) =>
        monitor.Executed(scope, string.Join(";", inner.BatchCommands.Select(static c => c.CommandText)), null, null, start, executed, error, inner.BatchCommands.Count);

    protected override DbDataReader ExecuteDbDataReader(CommandBehavior behavior) => Watching.Read(this, static (b, how) => b.Inner.ExecuteReader(how), behavior);

    protected override Task<DbDataReader> ExecuteDbDataReaderAsync(CommandBehavior behavior, CancellationToken cancellationToken) =>
        Watching.ReadAsync(this, static (b, how, token) => b.Inner.ExecuteReaderAsync(how, token), behavior, cancellationToken);
}
