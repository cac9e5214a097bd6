namespace Resilience.Data;

/// <summary>
/// Runs changes that depend on other rows: permissions, parents, versions. Every row that the decision depends on is locked in one transaction with the change.
/// </summary>
/// <remarks>Safe for concurrent use. See docs/data.md.</remarks>
public interface IGuardedTransactions
{
    /// <summary>Locks and checks what the plan names, runs the work, commits, and then invalidates what the plan names in the cache.</summary>
    /// <typeparam name="T">Type of the value.</typeparam>
    /// <param name="plan">What must hold.</param>
    /// <param name="work">
    /// The change. It is run again, on a new transaction, after a deadlock, a serialisation failure or a busy database, so it must have no effect outside the
    /// database; see <see cref="GuardContext.OnCommitted"/>.
    /// </param>
    /// <param name="cancellationToken">Cancels everything but the commit.</param>
    /// <returns>How it ended.</returns>
    /// <exception cref="InvalidOperationException">There is an ambient transaction, the call is nested in another guarded transaction, or the plan contradicts the options.</exception>
    /// <exception cref="System.Data.Common.DbException">The database failed in a way that running again does not heal; nothing was changed.</exception>
    ValueTask<GuardResult<T>> RunAsync<T>(GuardPlan plan, Func<GuardContext, CancellationToken, ValueTask<T>> work, CancellationToken cancellationToken = default);
}
