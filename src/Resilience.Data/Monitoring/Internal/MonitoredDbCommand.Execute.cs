using System.Data;
using System.Data.Common;

namespace Resilience.Data;

/// <summary>Running the command.</summary>
internal sealed partial class MonitoredDbCommand
{
    QueryMonitor IWatched.Monitor => _monitor;

    string? IWatched.Reported => string.IsNullOrEmpty(_system) ? null : _system;

    public override int ExecuteNonQuery() => Watching.Run(this, static c => c._inner.ExecuteNonQuery());

    public override object? ExecuteScalar() => Watching.Run(this, static c => c._inner.ExecuteScalar());

    public override Task<int> ExecuteNonQueryAsync(CancellationToken cancellationToken) =>
        Watching.RunAsync(this, static (c, token) => c._inner.ExecuteNonQueryAsync(token), cancellationToken);

    public override Task<object?> ExecuteScalarAsync(CancellationToken cancellationToken) =>
        Watching.RunAsync(this, static (c, token) => c._inner.ExecuteScalarAsync(token), cancellationToken);

    QueryShape? IWatched.Count(QueryScope? scope, long start, long executed, Exception? error) =>
        _shape = _monitor.Executed(scope, _inner.CommandText, _shape, _inner.Parameters, start, executed, error, 1);

    protected override DbDataReader ExecuteDbDataReader(CommandBehavior behavior) => Watching.Read(this, static (c, b) => c._inner.ExecuteReader(b), behavior);

    protected override Task<DbDataReader> ExecuteDbDataReaderAsync(CommandBehavior behavior, CancellationToken cancellationToken) =>
        Watching.ReadAsync(this, static (c, b, token) => c._inner.ExecuteReaderAsync(b, token), behavior, cancellationToken);
}
