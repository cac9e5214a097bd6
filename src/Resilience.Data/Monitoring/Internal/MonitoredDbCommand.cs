using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;

namespace Resilience.Data;

/// <summary>
/// A watched command. Its <see cref="DbConnection"/> is the provider's own connection and not the wrapper: Dapper looks at the name of that type to decide how it
/// passes arrays.
/// </summary>
internal sealed partial class MonitoredDbCommand : DbCommand, IWatched
{
    private readonly DbCommand _inner;
    private readonly QueryMonitor _monitor;
    private readonly string? _system;
    private QueryShape? _shape;

    [SuppressMessage("Usage", "CA1816", Justification = "Component has a finalizer, and this object holds nothing to finalize.")]
    public MonitoredDbCommand(DbCommand inner, QueryMonitor monitor, string? system)
    {
        _inner = inner;
        _monitor = monitor;
        _system = system;
        GC.SuppressFinalize(this);
    }

    [AllowNull]
    public override string CommandText
    {
        get => _inner.CommandText;
        [SuppressMessage("Security", "CA2100", Justification = "The text is the caller's; a wrapper passes it on.")]
        set
        {
            _inner.CommandText = value;
            _shape = null;
        }
    }

    public override int CommandTimeout
    {
        get => _inner.CommandTimeout;
        set => _inner.CommandTimeout = value;
    }

    public override CommandType CommandType
    {
        get => _inner.CommandType;
        set => _inner.CommandType = value;
    }

    public override bool DesignTimeVisible
    {
        get => _inner.DesignTimeVisible;
        set => _inner.DesignTimeVisible = value;
    }

    public override UpdateRowSource UpdatedRowSource
    {
        get => _inner.UpdatedRowSource;
        set => _inner.UpdatedRowSource = value;
    }

    protected override DbConnection? DbConnection
    {
        get => _inner.Connection;
        set
        {
            _inner.Connection = value is MonitoredDbConnection wrapped ? wrapped.Inner : value;
        }
    }

    protected override DbParameterCollection DbParameterCollection => _inner.Parameters;

    protected override DbTransaction? DbTransaction
    {
        get => _inner.Transaction;
        set => _inner.Transaction = value is MonitoredDbTransaction wrapped ? wrapped.Inner : value;
    }

    public override void Cancel() => _inner.Cancel();

    public override void Prepare() => _inner.Prepare();

    public override Task PrepareAsync(CancellationToken cancellationToken = default) => _inner.PrepareAsync(cancellationToken);

    [SuppressMessage("Usage", "CA2215", Justification = "The base would dispose what is inside a second time, synchronously.")]
    public override ValueTask DisposeAsync() => _inner.DisposeAsync();

    protected override DbParameter CreateDbParameter() => _inner.CreateParameter();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _inner.Dispose();
        }

        base.Dispose(disposing);
    }
}
