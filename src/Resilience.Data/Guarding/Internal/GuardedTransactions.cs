using System.Data.Common;
using Microsoft.Extensions.Logging;
using Resilience.Shared;

namespace Resilience.Data;

/// <summary>Runs plans. Thread-safe: its state is the one queue of SQLite's writers.</summary>
internal sealed partial class GuardedTransactions(
    DbDataSource source, GuardedTransactionOptions options, TimeProvider time, Jitter jitter, DataMetrics metrics, ILogger logger, Func<ICommitFence?> fence)
    : IGuardedTransactions, IDisposable
{
    /// <summary>
    /// SQLite has one writer. Waiting here is fair and holds no thread; waiting in the provider sleeps on the thread. PostgreSQL does not pass here.
    /// </summary>
    private readonly SemaphoreSlim _sqliteWriter = new(1, 1);

    public ValueTask<GuardResult<T>> RunAsync<T>(
        GuardPlan plan, Func<GuardContext, CancellationToken, ValueTask<T>> work, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(work);
        if (System.Transactions.Transaction.Current is not null)
        {
            throw new InvalidOperationException(
                "A guarded transaction does not take part in an ambient transaction, whose commit it could not see; end the TransactionScope or suppress it first.");
        }

        if (GuardFlow.IsInside)
        {
            throw new InvalidOperationException("A guarded transaction inside another would wait for its locks; use the context of the outer one.");
        }

        return RunGuardedAsync(plan, work, cancellationToken);
    }

    public void Dispose() => _sqliteWriter.Dispose();

    private async ValueTask<GuardResult<T>> RunGuardedAsync<T>(
        GuardPlan plan, Func<GuardContext, CancellationToken, ValueTask<T>> work, CancellationToken cancellationToken)
    {
        GuardFlow.Enter();
        var started = time.GetTimestamp();
        for (var attempt = 1; ; attempt++)
        {
            var result = await AttemptAsync(plan, work, attempt, cancellationToken).ConfigureAwait(Systematic.KeepContext);
            if (result is { Outcome: GuardOutcome.Busy, Error: { } error } && DbFaults.Classify(error) == DbFault.Rerun && attempt < options.MaxAttempts)
            {
                // Full jitter: those who collided do not meet again at the same moment.
                var pause = Backoff.After(attempt - 1, options.FirstDelay, options.MaxDelay) * jitter.NextDouble();
                if (time.GetElapsedTime(started) + pause < options.RetryBudget)
                {
                    await Task.Delay(pause, time, cancellationToken).ConfigureAwait(Systematic.KeepContext);
                    continue;
                }
            }

            metrics.TransactionEnded(result.Outcome, attempt, time.GetElapsedTime(started));
            if (result.Outcome == GuardOutcome.CommitUnknown)
            {
                DataLog.CommitUnknown(logger, result.Error);
            }

            return result;
        }
    }

    private async ValueTask<GuardResult<T>> AttemptAsync<T>(
        GuardPlan plan, Func<GuardContext, CancellationToken, ValueTask<T>> work, int attempt, CancellationToken cancellationToken)
    {
        var connection = await source.OpenConnectionAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        await using (connection.ConfigureAwait(Systematic.KeepContext))
        {
            var dialect = Dialects.Of(connection, options.Dialect);
            var guard = GuardCompiler.Compile(plan, options, dialect);
            var queued = dialect == SqlDialect.Sqlite;
            if (queued && !await EnterQueueAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext))
            {
                return new GuardResult<T>(GuardOutcome.Busy, default, attempt);
            }

            try
            {
                return await AttemptOnAsync(new AttemptParts(connection, dialect, guard, attempt), plan, work, cancellationToken).ConfigureAwait(Systematic.KeepContext);
            }
            finally
            {
                if (queued)
                {
                    _sqliteWriter.Release();
                }
            }
        }
    }

    private async ValueTask<bool> EnterQueueAsync(CancellationToken cancellationToken)
    {
        if (_sqliteWriter.Wait(0, cancellationToken))
        {
            return true;
        }

        using var limit = new CancellationTokenSource(options.LockTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await _sqliteWriter.WaitAsync(either.Token).ConfigureAwait(Systematic.KeepContext);
            return true;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>What an attempt works with.</summary>
    private readonly record struct AttemptParts(DbConnection Connection, SqlDialect Dialect, CompiledGuard Guard, int Number);
}
