using System.Data.Common;
using Resilience.Shared;

namespace Resilience.Data.Testing;

/// <summary>
/// Asks the database how it would run a captured command, with its real parameters, and fails when an index cannot serve it. Nothing is executed or changed.
/// </summary>
/// <remarks>Stateless and thread-safe. See docs/data.md.</remarks>
public static class IndexAssert
{
    /// <summary>
    /// Fails unless the command can be answered by seeking in an index. On PostgreSQL sequential scans are discouraged for the question, so that the answer does not
    /// depend on the amount of test data.
    /// </summary>
    /// <param name="source">The database; a monitored source is asked past its monitor.</param>
    /// <param name="query">The captured command.</param>
    /// <param name="index">The index that must be used, or null for any, then no table may be read as a whole.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    /// <returns>A task.</returns>
    /// <exception cref="DataAssertException">It cannot; the message shows the plan.</exception>
    public static Task CanUseAsync(DbDataSource source, CapturedQuery query, string? index = null, CancellationToken cancellationToken = default) =>
        AssertAsync(source, query, index, PlanKind.ScansDiscouraged, cancellationToken);

    /// <summary>
    /// The same for the plan that PostgreSQL makes without looking at the values: a prepared statement may change to it after five runs, and an index that serves
    /// only some values, such as a partial one, is then of no use. On SQLite it is the same question as <see cref="CanUseAsync"/>.
    /// </summary>
    /// <param name="source">The database; a monitored source is asked past its monitor.</param>
    /// <param name="query">The captured command.</param>
    /// <param name="index">The index that must be used, or null for any, then no table may be read as a whole.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    /// <returns>A task.</returns>
    /// <exception cref="DataAssertException">It cannot; the message shows the plan.</exception>
    public static Task CanUseInGenericPlanAsync(DbDataSource source, CapturedQuery query, string? index = null, CancellationToken cancellationToken = default) =>
        AssertAsync(source, query, index, PlanKind.Generic, cancellationToken);

    /// <summary>Fails when the database, with the data that is there, would read the table as a whole. Needs realistic, analysed data.</summary>
    /// <param name="source">The database.</param>
    /// <param name="query">The captured command.</param>
    /// <param name="table">The table.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    /// <returns>A task.</returns>
    /// <exception cref="DataAssertException">It would; the message shows the plan.</exception>
    public static async Task NoFullScanAsync(DbDataSource source, CapturedQuery query, string table, CancellationToken cancellationToken = default)
    {
        var plan = await QueryPlan.OfAsync(source, query, PlanKind.Actual, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        if (plan.Steps.Any(s => s.IsFullScan && string.Equals(s.Table, table, StringComparison.OrdinalIgnoreCase)))
        {
            throw new DataAssertException(
                $"The table {table} would be read as a whole.{Environment.NewLine}Statement: {query.Statement}{Environment.NewLine}Plan:{Environment.NewLine}{plan.Text}");
        }
    }

    /// <summary>
    /// Lists the indexes that nothing uses: on PostgreSQL by the server's statistics, on SQLite those that no plan of the captured commands names. Indexes that
    /// guard uniqueness or support a foreign key are never listed, and nothing is dropped.
    /// </summary>
    /// <param name="source">The database.</param>
    /// <param name="queries">The captured commands (SQLite).</param>
    /// <param name="options">Settings, or the defaults.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    /// <returns>The report.</returns>
    public static async Task<UnusedIndexReport> FindUnusedAsync(
        DbDataSource source, IEnumerable<CapturedQuery> queries, UnusedIndexOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(queries);
        var connection = await Plain.OpenAsync(source, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        await using (connection.ConfigureAwait(Systematic.KeepContext))
        {
            return DbProvider.IsSqlite(connection)
                ? await SqliteIndexes.FindUnusedAsync(source, connection, queries, cancellationToken).ConfigureAwait(Systematic.KeepContext)
                : await PostgreSqlIndexes.FindUnusedAsync(connection, options ?? new UnusedIndexOptions(), cancellationToken).ConfigureAwait(Systematic.KeepContext);
        }
    }

    private static async Task AssertAsync(DbDataSource source, CapturedQuery query, string? index, PlanKind kind, CancellationToken cancellationToken)
    {
        var plan = await QueryPlan.OfAsync(source, query, kind, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        if (plan.Problem(index) is { } problem)
        {
            throw new DataAssertException($"{problem}{Environment.NewLine}Statement: {query.Statement}{Environment.NewLine}Plan:{Environment.NewLine}{plan.Text}");
        }
    }
}
