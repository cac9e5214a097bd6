namespace Resilience.Data;

/// <summary>Shorter forms of <see cref="IGuardedTransactions"/>.</summary>
public static class GuardedTransactionsExtensions
{
    /// <summary>Runs a change that is one statement; the value is the number of rows it touched.</summary>
    /// <param name="transactions">The service.</param>
    /// <param name="plan">What must hold.</param>
    /// <param name="statement">The change.</param>
    /// <param name="cancellationToken">Cancels everything but the commit.</param>
    /// <returns>How it ended.</returns>
    public static ValueTask<GuardResult<int>> ExecuteAsync(
        this IGuardedTransactions transactions, GuardPlan plan, Sql statement, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(transactions);
        ArgumentNullException.ThrowIfNull(statement);
        return transactions.RunAsync(plan, (context, token) => context.ExecuteAsync(statement, token), cancellationToken);
    }
}
