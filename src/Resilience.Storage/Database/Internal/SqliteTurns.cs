using System.Data.Common;
using System.Diagnostics.CodeAnalysis;

namespace Resilience.Storage.Internal;

/// <summary>
/// SQLite has one writer, and its provider waits for it asleep on the thread: enough that wait in it hold every thread of the pool, and the writer itself, which waits
/// for files with its lock held, goes on only when the pool grows. So the writers of this process wait here, in the order in which they came and on no thread, and one
/// at a time waits in the provider for what others have: the application's own transactions, other processes. Safe for concurrent use.
/// </summary>
/// <remarks>Nobody takes a turn while having one. What works in the application's own transaction takes none.</remarks>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "The semaphore has no handle, and a session may end after its container.")]
internal sealed class SqliteTurns(TimeProvider time)
{
    private readonly SemaphoreSlim _writer = new(1, 1);

    /// <summary>The turn is the caller's to dispose.</summary>
    /// <param name="connection">Where the transaction will be. Its Default Timeout bounds the wait for the turn and the wait for the lock together.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="SqliteBusyException">Others of this process kept the writer too long.</exception>
    public async Task<SqliteTurn> TakeAsync(DbConnection connection, CancellationToken cancellationToken)
    {
        if (_writer.Wait(0, cancellationToken))
        {
            return new SqliteTurn(_writer, connection, TimeSpan.Zero, TimeSpan.Zero);
        }

        var started = time.GetTimestamp();
        var limit = LimitOf(connection);
        await WaitAsync(limit, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        return new SqliteTurn(_writer, connection, limit, time.GetElapsedTime(started));
    }

    /// <summary>What a command of the connection would wait for a lock; zero is no limit.</summary>
    private static TimeSpan LimitOf(DbConnection connection)
    {
        using var command = connection.CreateCommand();
        return TimeSpan.FromSeconds(command.CommandTimeout);
    }

    private async Task WaitAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        if (limit == TimeSpan.Zero)
        {
            await _writer.WaitAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
            return;
        }

        // The lock itself is asked for with a second at least; a limit of one second is the only one that both together may exceed.
        using var over = new CancellationTokenSource(limit > SqliteTurn.Least ? limit - SqliteTurn.Least : limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(over.Token, cancellationToken);
        try
        {
            await _writer.WaitAsync(either.Token).ConfigureAwait(Systematic.KeepContext);
        }
        catch (OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw new SqliteBusyException(limit);
        }
    }
}
