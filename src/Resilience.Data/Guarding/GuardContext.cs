using System.Data.Common;
using System.Globalization;
using Resilience.Shared;

namespace Resilience.Data;

/// <summary>What the work of a guarded transaction gets: the connection, the transaction, and ways to say no. Used by one thread at a time, valid for one attempt.</summary>
public sealed class GuardContext
{
    private readonly List<Func<CancellationToken, ValueTask>> _committed = [];
    private readonly TimeSpan _statementTimeout;

    internal GuardContext(DbConnection connection, DbTransaction transaction, SqlDialect dialect, int attempt, GuardPlan plan, TimeSpan statementTimeout)
    {
        Connection = connection;
        Transaction = transaction;
        Dialect = dialect;
        Attempt = attempt;
        Keys = new HashSet<string>(plan.Keys, StringComparer.Ordinal);
        Tags = new HashSet<string>(plan.Tags, StringComparer.Ordinal);
        _statementTimeout = statementTimeout;
    }

    /// <summary>Gets the open connection: for Dapper, together with <see cref="Transaction"/>.</summary>
    public DbConnection Connection { get; }

    /// <summary>Gets the transaction. Do not commit it or roll it back.</summary>
    public DbTransaction Transaction { get; }

    /// <summary>Gets the provider's own connection, for code that casts it (EF Core): <see cref="Connection"/> without the query monitor's wrapper.</summary>
    public DbConnection ProviderConnection => Dialects.Unwrap(Connection);

    /// <summary>Gets the provider's own transaction, for code that casts it (EF Core).</summary>
    public DbTransaction ProviderTransaction => Dialects.Unwrap(Transaction);

    /// <summary>Gets the database.</summary>
    public SqlDialect Dialect { get; }

    /// <summary>Gets the number of this attempt, from 1.</summary>
    public int Attempt { get; }

    internal HashSet<string> Keys { get; }

    internal HashSet<string> Tags { get; }

    internal long AffectedRows { get; private set; }

    internal GuardOutcome? Refusal { get; private set; }

    internal IReadOnlyList<Func<CancellationToken, ValueTask>> CommittedCallbacks => _committed;

    /// <summary>Makes a command of this transaction, with the statement's time limit.</summary>
    /// <param name="statement">The statement.</param>
    /// <returns>The command; the caller disposes it.</returns>
    public DbCommand CreateCommand(Sql statement)
    {
        ArgumentNullException.ThrowIfNull(statement);
        var command = statement.CreateCommand(Connection, Transaction);
        command.CommandTimeout = GuardTimeouts.WholeSeconds(_statementTimeout);
        return command;
    }

    /// <summary>Runs a statement and counts the rows it touches for <see cref="GuardPlan.ExpectRows"/>.</summary>
    /// <param name="statement">The statement.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    /// <returns>The number of rows.</returns>
    public async ValueTask<int> ExecuteAsync(Sql statement, CancellationToken cancellationToken = default)
    {
        using var command = CreateCommand(statement);
        var rows = await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        Affected(rows);
        return rows;
    }

    /// <summary>Runs a statement and gives the first column of its first row.</summary>
    /// <typeparam name="T">Type of the value; the provider's number types are converted.</typeparam>
    /// <param name="statement">The statement.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    /// <returns>The value, or the default when there is no row or it is null.</returns>
    public async ValueTask<T?> ScalarAsync<T>(Sql statement, CancellationToken cancellationToken = default)
    {
        using var command = CreateCommand(statement);
        var value = await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        return value switch
        {
            null or DBNull => default,
            T typed => typed,
            _ => (T)Convert.ChangeType(value, Nullable.GetUnderlyingType(typeof(T)) ?? typeof(T), CultureInfo.InvariantCulture),
        };
    }

    /// <summary>Counts rows that were changed by other means (Dapper, EF Core) for <see cref="GuardPlan.ExpectRows"/>.</summary>
    /// <param name="rows">Number of rows; negative numbers, which providers give for "unknown", count as none.</param>
    public void Affected(int rows) => AffectedRows += Math.Max(rows, 0);

    /// <summary>Ends the transaction without the change: everything the work did is rolled back when it returns.</summary>
    /// <param name="outcome"><see cref="GuardOutcome.Denied"/>, <see cref="GuardOutcome.NotFound"/> or <see cref="GuardOutcome.Conflict"/>.</param>
    public void Refuse(GuardOutcome outcome) =>
        Refusal = outcome is GuardOutcome.Denied or GuardOutcome.NotFound or GuardOutcome.Conflict
            ? outcome
            : throw new ArgumentOutOfRangeException(nameof(outcome), outcome, "Refuse with Denied, NotFound or Conflict.");

    /// <summary>Makes a key of the fenced cache invalid with the commit.</summary>
    /// <param name="key">The key.</param>
    public void Invalidate(string key) => Keys.Add(key);

    /// <summary>Makes everything with a tag in the fenced cache invalid with the commit.</summary>
    /// <param name="tag">The tag.</param>
    public void InvalidateTag(string tag) => Tags.Add(tag);

    /// <summary>
    /// Runs something once, after the commit: an event, a mail. It does not run when the commit's outcome is unknown. What it throws is logged; the change stands.
    /// </summary>
    /// <param name="callback">What to run; it gets a token that is not the caller's.</param>
    public void OnCommitted(Func<CancellationToken, ValueTask> callback)
    {
        ArgumentNullException.ThrowIfNull(callback);
        _committed.Add(callback);
    }
}
