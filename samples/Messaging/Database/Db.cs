using System.Data.Common;
using Resilience.Data;

namespace Messaging.Database;

/// <summary>
/// The way to the database: a read on one connection, or a write in one guarded transaction, which locks every row that its decision depends on. Safe for
/// concurrent use.
/// </summary>
internal sealed class Db(DbDataSource source, Dialect dialect, IGuardedTransactions transactions)
{
    private const int BackgroundRounds = 5;

    internal Dialect Dialect => dialect;

    internal async Task<T> ReadAsync<T>(Func<DbScope, Task<T>> read, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        return await read(new DbScope(connection, null, dialect, cancellationToken));
    }

    /// <summary>
    /// Runs <paramref name="write"/> in one transaction once everything in the plan is locked and holds. The delegate may run again, so it changes nothing but
    /// the database; what follows a commit goes to <see cref="DbScope.AfterCommit"/>.
    /// </summary>
    internal ValueTask<GuardResult<T>> WriteAsync<T>(GuardPlan plan, Func<DbScope, Task<T>> write, CancellationToken cancellationToken) =>
        transactions.RunAsync(plan, async (context, token) => await write(new DbScope(context, dialect, token)), cancellationToken)!;

    /// <summary>The same for a write that depends on nothing that others may change.</summary>
    /// <exception cref="DatabaseBusyException">The database did not take it in time.</exception>
    internal async Task<T> WriteAsync<T>(Func<DbScope, Task<T>> write, CancellationToken cancellationToken)
    {
        var result = await WriteAsync(GuardPlan.Create(), write, cancellationToken);
        return result.IsApplied ? result.Value! : throw new DatabaseBusyException(result.Outcome, result.Error);
    }

    /// <summary>A write that nobody waits for: where the database was busy, and nothing was changed, it is tried again before that is an error.</summary>
    internal async ValueTask<GuardResult<T>> WriteInBackgroundAsync<T>(GuardPlan plan, Func<DbScope, Task<T>> write, CancellationToken cancellationToken)
    {
        for (var round = 1; ; round++)
        {
            var result = await WriteAsync(plan, write, cancellationToken);
            if (result.Outcome != GuardOutcome.Busy || round == BackgroundRounds)
            {
                return result;
            }
        }
    }

    /// <summary>The same for a write that depends on nothing that others may change.</summary>
    /// <exception cref="DatabaseBusyException">The database did not take it.</exception>
    internal async Task<T> WriteInBackgroundAsync<T>(Func<DbScope, Task<T>> write, CancellationToken cancellationToken)
    {
        var result = await WriteInBackgroundAsync(GuardPlan.Create(), write, cancellationToken);
        return result.IsApplied ? result.Value! : throw new DatabaseBusyException(result.Outcome, result.Error);
    }

    /// <summary>A transaction without limits of time, for what the start waits for.</summary>
    internal async Task MigrateAsync(Func<DbScope, Task> migrate, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await migrate(new DbScope(connection, transaction, dialect, cancellationToken));
        await transaction.CommitAsync(CancellationToken.None);
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
}
