using System.Data.Common;

namespace Messaging.Database;

/// <summary>The way to the database: a read on one connection, or a write in one transaction. Safe for concurrent use.</summary>
internal sealed class Db(DbDataSource source, Dialect dialect)
{
    private const int MaxTries = 4;

    internal Dialect Dialect => dialect;

    internal async Task<T> ReadAsync<T>(Func<DbScope, Task<T>> read, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        return await read(new DbScope(connection, null, dialect, cancellationToken));
    }

    /// <summary>
    /// Runs <paramref name="write"/> in one transaction and commits it. The delegate may run again after a deadlock, so it changes nothing but the
    /// database. A commit is never cancelled half-way: the caller's token ends the work before it.
    /// </summary>
    internal async Task<T> WriteAsync<T>(Func<DbScope, Task<T>> write, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await WriteOnceAsync(write, cancellationToken);
            }
            catch (DbException error) when (attempt < MaxTries && dialect.IsTransient(error))
            {
                // The database chose this transaction to give way; the others have finished, so at once is soon enough.
            }
        }
    }

    /// <summary>Runs <paramref name="work"/> on one node at a time. Where the database is this process's own there is no other node to wait for.</summary>
    internal async Task<T> ExclusiveAsync<T>(NodeLock key, Func<Task<T>> work, CancellationToken cancellationToken)
    {
        if (!dialect.SharesDatabase)
        {
            return await work();
        }

        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await dialect.LockNodesAsync(transaction, key, cancellationToken);
        return await work();
    }

    private async Task<T> WriteOnceAsync<T>(Func<DbScope, Task<T>> write, CancellationToken cancellationToken)
    {
        using var turn = await dialect.EnterWriteAsync(cancellationToken);
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var scope = new DbScope(connection, transaction, dialect, cancellationToken);
        var result = await write(scope);
        if (scope.IsUndone)
        {
            await transaction.RollbackAsync(CancellationToken.None);
            return result;
        }

        await transaction.CommitAsync(CancellationToken.None);
        scope.Committed();
        return result;
    }
}
