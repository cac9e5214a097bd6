using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using Resilience.Shared;

namespace Resilience.Data;

/// <summary>
/// A data source whose commands are watched. It behaves as the one inside: Dapper's arrays, batches, savepoints, asynchronous transactions and schema calls reach
/// the provider. Code that casts to the provider's own types must unwrap first; EF Core is watched by an interceptor instead.
/// </summary>
/// <remarks>Thread-safe as the one inside. Disposing it disposes the one inside. See docs/data.md.</remarks>
public sealed class MonitoredDbDataSource : DbDataSource
{
    private readonly QueryMonitor _monitor;
    private string? _system;

    /// <summary>Initializes a new instance of the <see cref="MonitoredDbDataSource"/> class.</summary>
    /// <param name="inner">The provider's data source; it belongs to this one from now on.</param>
    /// <param name="monitor">Who watches.</param>
    public MonitoredDbDataSource(DbDataSource inner, QueryMonitor monitor)
    {
        ArgumentNullException.ThrowIfNull(inner);
        ArgumentNullException.ThrowIfNull(monitor);
        Inner = inner;
        _monitor = monitor;
        monitor.SourceAdded();
    }

    /// <summary>Gets the provider's data source.</summary>
    public DbDataSource Inner { get; }

    /// <inheritdoc />
    public override string ConnectionString => Inner.ConnectionString;

    /// <inheritdoc />
    protected override DbConnection CreateDbConnection() => Wrap(Inner.CreateConnection());

    /// <inheritdoc />
    protected override DbConnection OpenDbConnection() => Wrap(Inner.OpenConnection());

    /// <inheritdoc />
    protected override async ValueTask<DbConnection> OpenDbConnectionAsync(CancellationToken cancellationToken = default) =>
        Wrap(await Inner.OpenConnectionAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext));

    /// <inheritdoc />
    [SuppressMessage("Security", "CA2100", Justification = "The text is the caller's; a wrapper passes it on.")]
    protected override DbCommand CreateDbCommand(string? commandText = null) => new MonitoredDbCommand(Inner.CreateCommand(commandText), _monitor, _system);

    /// <inheritdoc />
    protected override DbBatch CreateDbBatch() => new MonitoredDbBatch(Inner.CreateBatch(), null, _monitor, _system);

    /// <inheritdoc />
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Inner.Dispose();
        }

        base.Dispose(disposing);
    }

    /// <inheritdoc />
    [SuppressMessage("Usage", "CA2215", Justification = "The base would dispose what is inside a second time, synchronously.")]
    protected override ValueTask DisposeAsyncCore() => Inner.DisposeAsync();

    private MonitoredDbConnection Wrap(DbConnection connection)
    {
        // Npgsql reports db.client.operation.duration itself: empty means that nobody else has to.
        _system ??= DbProvider.IsNpgsql(connection) ? "" : DbProvider.IsSqlite(connection) ? "sqlite" : "other_sql";
        return new MonitoredDbConnection(connection, _monitor, _system);
    }
}
