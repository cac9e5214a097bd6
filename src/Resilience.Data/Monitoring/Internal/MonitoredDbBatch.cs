using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using Resilience.Shared;

namespace Resilience.Data;

/// <summary>A watched batch: one operation, but each of its statements counts in a scope.</summary>
internal sealed class MonitoredDbBatch(DbBatch inner, MonitoredDbConnection? connection, QueryMonitor monitor, string? system) : DbBatch
{
    private MonitoredDbConnection? _owner = connection;

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

    public override int ExecuteNonQuery()
    {
        var start = monitor.Time.GetTimestamp();
        try
        {
            var result = inner.ExecuteNonQuery();
            Done(start, null);
            return result;
        }
        catch (Exception exception)
        {
            Done(start, exception);
            throw;
        }
    }

    public override object? ExecuteScalar()
    {
        var start = monitor.Time.GetTimestamp();
        try
        {
            var result = inner.ExecuteScalar();
            Done(start, null);
            return result;
        }
        catch (Exception exception)
        {
            Done(start, exception);
            throw;
        }
    }

    public override Task<int> ExecuteNonQueryAsync(CancellationToken cancellationToken = default) => WatchAsync(inner.ExecuteNonQueryAsync, cancellationToken);

    public override Task<object?> ExecuteScalarAsync(CancellationToken cancellationToken = default) => WatchAsync(inner.ExecuteScalarAsync, cancellationToken);

    public override void Prepare() => inner.Prepare();

    public override Task PrepareAsync(CancellationToken cancellationToken = default) => inner.PrepareAsync(cancellationToken);

    public override void Cancel() => inner.Cancel();

    [SuppressMessage("Usage", "CA2215", Justification = "The base would dispose what is inside a second time, synchronously.")]
    public override void Dispose() => inner.Dispose();

    [SuppressMessage("Usage", "CA2215", Justification = "The base would dispose what is inside a second time, synchronously.")]
    public override ValueTask DisposeAsync() => inner.DisposeAsync();

    protected override DbBatchCommand CreateDbBatchCommand() => inner.CreateBatchCommand();

    protected override DbDataReader ExecuteDbDataReader(CommandBehavior behavior)
    {
        var start = monitor.Time.GetTimestamp();
        try
        {
            return Read(inner.ExecuteReader(behavior), start);
        }
        catch (Exception exception)
        {
            Done(start, exception);
            throw;
        }
    }

    protected override async Task<DbDataReader> ExecuteDbDataReaderAsync(CommandBehavior behavior, CancellationToken cancellationToken)
    {
        var start = monitor.Time.GetTimestamp();
        try
        {
            return Read(await inner.ExecuteReaderAsync(behavior, cancellationToken).ConfigureAwait(Systematic.KeepContext), start);
        }
        catch (Exception exception)
        {
            Done(start, exception);
            throw;
        }
    }

    private async Task<T> WatchAsync<T>(Func<CancellationToken, Task<T>> run, CancellationToken cancellationToken)
    {
        var start = monitor.Time.GetTimestamp();
        try
        {
            var result = await run(cancellationToken).ConfigureAwait(Systematic.KeepContext);
            Done(start, null);
            return result;
        }
        catch (Exception exception)
        {
            Done(start, exception);
            throw;
        }
    }

    private DbDataReader Read(DbDataReader reader, long start)
    {
        if (!monitor.IsWatching)
        {
            return reader;
        }

        var executed = monitor.Time.GetTimestamp();
        return new MonitoredDbDataReader(reader, new ReadInProgress(monitor, Count(start, executed, null), QueryMonitor.CurrentScope, start, executed, Reported));
    }

    private void Done(long start, Exception? error)
    {
        if (monitor.IsWatching)
        {
            var executed = monitor.Time.GetTimestamp();
            monitor.Finished(Count(start, executed, error), QueryMonitor.CurrentScope, start, executed, 0, error, Reported);
        }
    }

    private QueryShape? Count(long start, long executed, Exception? error) =>
        monitor.Executed(string.Join(";", inner.BatchCommands.Select(static c => c.CommandText)), null, null, start, executed, error, inner.BatchCommands.Count);

    private string? Reported => string.IsNullOrEmpty(system) ? null : system;
}
