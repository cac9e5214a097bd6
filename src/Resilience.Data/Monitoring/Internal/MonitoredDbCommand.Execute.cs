using System.Data;
using System.Data.Common;
using Resilience.Shared;

namespace Resilience.Data;

/// <summary>Running the command. What is not watched goes straight through.</summary>
internal sealed partial class MonitoredDbCommand
{
    public override int ExecuteNonQuery()
    {
        if (!_monitor.IsWatching)
        {
            return _inner.ExecuteNonQuery();
        }

        var start = _monitor.Time.GetTimestamp();
        try
        {
            var result = _inner.ExecuteNonQuery();
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
        if (!_monitor.IsWatching)
        {
            return _inner.ExecuteScalar();
        }

        var start = _monitor.Time.GetTimestamp();
        try
        {
            var result = _inner.ExecuteScalar();
            Done(start, null);
            return result;
        }
        catch (Exception exception)
        {
            Done(start, exception);
            throw;
        }
    }

    public override Task<int> ExecuteNonQueryAsync(CancellationToken cancellationToken) =>
        _monitor.IsWatching ? WatchAsync(_inner.ExecuteNonQueryAsync, cancellationToken) : _inner.ExecuteNonQueryAsync(cancellationToken);

    public override Task<object?> ExecuteScalarAsync(CancellationToken cancellationToken) =>
        _monitor.IsWatching ? WatchAsync(_inner.ExecuteScalarAsync, cancellationToken) : _inner.ExecuteScalarAsync(cancellationToken);

    protected override DbDataReader ExecuteDbDataReader(CommandBehavior behavior)
    {
        if (!_monitor.IsWatching)
        {
            return _inner.ExecuteReader(behavior);
        }

        var start = _monitor.Time.GetTimestamp();
        try
        {
            return Read(_inner.ExecuteReader(behavior), start);
        }
        catch (Exception exception)
        {
            Done(start, exception);
            throw;
        }
    }

    protected override Task<DbDataReader> ExecuteDbDataReaderAsync(CommandBehavior behavior, CancellationToken cancellationToken) =>
        _monitor.IsWatching ? WatchReaderAsync(behavior, cancellationToken) : _inner.ExecuteReaderAsync(behavior, cancellationToken);

    private async Task<T> WatchAsync<T>(Func<CancellationToken, Task<T>> run, CancellationToken cancellationToken)
    {
        var start = _monitor.Time.GetTimestamp();
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

    private async Task<DbDataReader> WatchReaderAsync(CommandBehavior behavior, CancellationToken cancellationToken)
    {
        var start = _monitor.Time.GetTimestamp();
        try
        {
            return Read(await _inner.ExecuteReaderAsync(behavior, cancellationToken).ConfigureAwait(Systematic.KeepContext), start);
        }
        catch (Exception exception)
        {
            Done(start, exception);
            throw;
        }
    }

    private MonitoredDbDataReader Read(DbDataReader reader, long start)
    {
        var executed = _monitor.Time.GetTimestamp();
        _shape = _monitor.Executed(_inner.CommandText, _shape, Parameters, start, executed, null, 1);
        return new MonitoredDbDataReader(reader, new ReadInProgress(_monitor, _shape, QueryMonitor.CurrentScope, start, executed, Reported));
    }

    private void Done(long start, Exception? error)
    {
        var executed = _monitor.Time.GetTimestamp();
        _shape = _monitor.Executed(_inner.CommandText, _shape, Parameters, start, executed, error, 1);
        _monitor.Finished(_shape, QueryMonitor.CurrentScope, start, executed, 0, error, Reported);
    }

    /// <summary>The system to report the duration for, or null when the provider does so itself or is not known yet.</summary>
    private string? Reported => string.IsNullOrEmpty(_system) ? null : _system;
}
