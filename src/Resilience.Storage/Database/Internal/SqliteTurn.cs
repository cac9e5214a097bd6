using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;

namespace Resilience.Storage.Internal;

/// <summary>The turn of one session as SQLite's writer. Given back once, however often it is disposed. Used by one flow at a time.</summary>
/// <param name="writer">Whose turn it is.</param>
/// <param name="connection">Where the transaction will be.</param>
/// <param name="limit">For the wait for the turn and for the lock; zero where nobody waited, or where there is none.</param>
/// <param name="waited">For the turn.</param>
internal sealed class SqliteTurn(SemaphoreSlim writer, DbConnection connection, TimeSpan limit, TimeSpan waited) : IDisposable
{
    /// <summary>The provider counts in whole seconds, and takes zero for no limit.</summary>
    public static readonly TimeSpan Least = TimeSpan.FromSeconds(1);

    private SemaphoreSlim? _writer = writer;

    /// <summary>Begins the transaction, which takes the write lock; waits for it as long as the wait for the turn has left.</summary>
    public async Task<DbTransaction> BeginAsync(IsolationLevel level, CancellationToken cancellationToken)
    {
        if (limit == TimeSpan.Zero)
        {
            return await connection.BeginTransactionAsync(level, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        }

        var left = limit - waited;
        SetLimit(left > Least ? left : Least);
        try
        {
            return await connection.BeginTransactionAsync(level, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        }
        finally
        {
            SetLimit(limit);
        }
    }

    public void Dispose() => Interlocked.Exchange(ref _writer, null)?.Release();

    /// <summary>
    /// How long a transaction waits for the lock is the provider's own property, which no base class has. Where trimming took it away, or the application wraps its
    /// connections, what the connection string says holds.
    /// </summary>
    [UnconditionalSuppressMessage("Trimming", "IL2075", Justification = "Without the property the connection string's value is used.")]
    private void SetLimit(TimeSpan time)
    {
        if (connection.GetType().GetProperty("DefaultTimeout") is { CanWrite: true } property && property.PropertyType == typeof(int))
        {
            property.SetValue(connection, (int)time.TotalSeconds);
        }
    }
}
