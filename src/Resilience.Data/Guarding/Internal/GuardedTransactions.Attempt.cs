using System.Data;
using System.Data.Common;
using Resilience.Shared;

namespace Resilience.Data;

/// <summary>One attempt: begin, lock, check, work, commit, invalidate.</summary>
internal sealed partial class GuardedTransactions
{
    private async ValueTask<GuardResult<T>> AttemptOnAsync<T>(
        AttemptParts parts, GuardPlan plan, Func<GuardContext, CancellationToken, ValueTask<T>> work, CancellationToken cancellationToken)
    {
        GuardContext context;
        T value;
        DbTransaction? transaction = null;
        try
        {
            transaction = await BeginAsync(parts, plan, cancellationToken).ConfigureAwait(Systematic.KeepContext);
            context = new GuardContext(parts.Connection, transaction, parts.Dialect, parts.Number, plan, options.StatementTimeout);
            var missing = await LockAsync(parts, context, cancellationToken).ConfigureAwait(Systematic.KeepContext);
            if (missing is { } outcome)
            {
                return await RefuseAsync<T>(transaction, outcome, parts.Number).ConfigureAwait(Systematic.KeepContext);
            }

            Systematic.Interleave("guard.locked");
            value = await work(context, cancellationToken).ConfigureAwait(Systematic.KeepContext);
            if (context.Refusal is { } refusal)
            {
                return await RefuseAsync<T>(transaction, refusal, parts.Number).ConfigureAwait(Systematic.KeepContext);
            }

            if (plan.ExpectedRows is { } expected && expected != context.AffectedRows)
            {
                return await RefuseAsync<T>(transaction, GuardOutcome.Conflict, parts.Number).ConfigureAwait(Systematic.KeepContext);
            }

            await ProveAliveAsync(parts, context, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        }
        catch (Exception exception)
        {
            await RollbackAsync(transaction).ConfigureAwait(Systematic.KeepContext);
            if (exception is OperationCanceledException || DbFaults.Classify(exception) == DbFault.Other)
            {
                throw;
            }

            return new GuardResult<T>(GuardOutcome.Busy, default, parts.Number, exception);
        }

        await using (transaction.ConfigureAwait(Systematic.KeepContext))
        {
            return await CommitAsync(transaction, context, value, parts.Number).ConfigureAwait(Systematic.KeepContext);
        }
    }

    private async ValueTask<DbTransaction> BeginAsync(AttemptParts parts, GuardPlan plan, CancellationToken cancellationToken)
    {
        if (parts.Dialect == SqlDialect.Sqlite)
        {
            // The provider opens it with BEGIN IMMEDIATE: the write lock is taken up front, so a read is never upgraded (SQLITE_BUSY_SNAPSHOT).
            GuardTimeouts.ForSqlite(parts.Connection, options.LockTimeout);
            return await parts.Connection.BeginTransactionAsync(IsolationLevel.Serializable, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        }

        return await parts.Connection.BeginTransactionAsync(plan.Isolation, cancellationToken).ConfigureAwait(Systematic.KeepContext);
    }

    private async ValueTask<GuardOutcome?> LockAsync(AttemptParts parts, GuardContext context, CancellationToken cancellationToken)
    {
        var text = parts.Guard.Text(parts.Dialect == SqlDialect.PostgreSql ? GuardTimeouts.ForPostgreSql(options) : Sql.Empty);
        if (text is null)
        {
            return null;
        }

        using var command = context.CreateCommand(text);
        return await parts.Guard.RunAsync(command, cancellationToken).ConfigureAwait(Systematic.KeepContext);
    }

    /// <summary>
    /// PostgreSQL answers COMMIT with a silent ROLLBACK when a statement of the transaction had failed and the work swallowed the error. A statement before the
    /// commit makes that an error.
    /// </summary>
    private static async ValueTask ProveAliveAsync(AttemptParts parts, GuardContext context, CancellationToken cancellationToken)
    {
        if (parts.Dialect == SqlDialect.PostgreSql)
        {
            using var command = context.CreateCommand(Sql.Of($"SELECT 1"));
            await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        }
    }

    private async ValueTask<GuardResult<T>> CommitAsync<T>(DbTransaction transaction, GuardContext context, T value, int attempt)
    {
        var writes = await BeginWriteAsync(context).ConfigureAwait(Systematic.KeepContext);
        try
        {
            Systematic.Interleave("guard.commit");

            // Not the caller's token: a commit that is cut off half-way has an unknown outcome.
            using var limit = new CancellationTokenSource(options.StatementTimeout, time);
            await transaction.CommitAsync(limit.Token).ConfigureAwait(Systematic.KeepContext);
        }
        catch (Exception exception)
        {
            if (!DbFaults.ProvesRollback(exception))
            {
                return new GuardResult<T>(GuardOutcome.CommitUnknown, default, attempt, exception);
            }

            await RollbackAsync(transaction).ConfigureAwait(Systematic.KeepContext);
            if (DbFaults.Classify(exception) == DbFault.Other)
            {
                throw;
            }

            return new GuardResult<T>(GuardOutcome.Busy, default, attempt, exception);
        }
        finally
        {
            Systematic.Interleave("guard.committed");
            await writes.DisposeAsync().ConfigureAwait(Systematic.KeepContext);
        }

        await RunCallbacksAsync(context).ConfigureAwait(Systematic.KeepContext);
        return new GuardResult<T>(GuardOutcome.Applied, value, attempt);
    }

    private async ValueTask<IAsyncDisposable> BeginWriteAsync(GuardContext context) =>
        (context.Keys.Count > 0 || context.Tags.Count > 0) && fence() is { } cache
            ? await cache.BeginWriteAsync(context.Keys, context.Tags, CancellationToken.None).ConfigureAwait(Systematic.KeepContext)
            : NoWrites.Instance;

    private async ValueTask RunCallbacksAsync(GuardContext context)
    {
        GuardFlow.Leave();
        foreach (var callback in context.CommittedCallbacks)
        {
            try
            {
                await callback(CancellationToken.None).ConfigureAwait(Systematic.KeepContext);
            }
            catch (Exception exception)
            {
                // The change stands; an exception here would tell the caller that it does not.
                DataLog.CommittedCallbackFailed(logger, exception);
            }
        }
    }

    private static async ValueTask<GuardResult<T>> RefuseAsync<T>(DbTransaction transaction, GuardOutcome outcome, int attempt)
    {
        await RollbackAsync(transaction).ConfigureAwait(Systematic.KeepContext);
        return new GuardResult<T>(outcome, default, attempt);
    }

    private static async ValueTask RollbackAsync(DbTransaction? transaction)
    {
        if (transaction is null)
        {
            return;
        }

        try
        {
            await transaction.RollbackAsync(CancellationToken.None).ConfigureAwait(Systematic.KeepContext);
            await transaction.DisposeAsync().ConfigureAwait(Systematic.KeepContext);
        }
        catch (Exception)
        {
            // A connection that cannot roll back is broken, and the server rolls back what its connection leaves. The first error is the one to tell.
        }
    }

    private sealed class NoWrites : IAsyncDisposable
    {
        public static readonly NoWrites Instance = new();

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
