using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using Resilience.Shared;

namespace Resilience.Data;

/// <summary>A reader that counts its rows and says when it was closed. Used by one thread at a time, as readers are.</summary>
internal sealed partial class MonitoredDbDataReader(DbDataReader inner, ReadInProgress read) : DbDataReader, IDbColumnSchemaGenerator
{
    private long _rows;
    private Exception? _error;
    private bool _closed;
    private bool _disposed;
    private bool _finished;

    public override bool Read()
    {
        try
        {
            return Count(inner.Read());
        }
        catch (Exception exception)
        {
            _error = exception;
            throw;
        }
    }

    public override async Task<bool> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            // A row that is already here costs no task: the framework keeps one for each answer.
            return Count(await inner.ReadAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext));
        }
        catch (Exception exception)
        {
            _error = exception;
            throw;
        }
    }

    public override bool NextResult()
    {
        try
        {
            return inner.NextResult();
        }
        catch (Exception exception)
        {
            _error = exception;
            throw;
        }
    }

    public override async Task<bool> NextResultAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await inner.NextResultAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        }
        catch (Exception exception)
        {
            _error = exception;
            throw;
        }
    }

    // Providers keep readers and give the same object to the next command, so what is inside is closed and disposed once, however often this one is.
    public override void Close()
    {
        if (!_closed)
        {
            _closed = true;
            inner.Close();
            Finish();
        }
    }

    public override async Task CloseAsync()
    {
        if (!_closed)
        {
            _closed = true;
            await inner.CloseAsync().ConfigureAwait(Systematic.KeepContext);
            Finish();
        }
    }

    [SuppressMessage("Usage", "CA2215", Justification = "The base would close what is inside a second time, synchronously.")]
    public override async ValueTask DisposeAsync()
    {
        if (!_disposed)
        {
            _closed = _disposed = true;
            await inner.DisposeAsync().ConfigureAwait(Systematic.KeepContext);
            Finish();
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && !_disposed)
        {
            _closed = _disposed = true;
            inner.Dispose();
            Finish();
        }

        base.Dispose(disposing);
    }

    private bool Count(bool row)
    {
        _rows += row ? 1 : 0;
        return row;
    }

    private void Finish()
    {
        if (!_finished)
        {
            _finished = true;
            read.Finish(_rows, _error);
        }
    }
}
