using System.Data;

namespace Resilience.Data;

/// <summary>
/// What must hold for a change, and which rows it touches: structure and not text, so that the order of the locks and the lock clauses are the library's.
/// </summary>
/// <remarks>
/// Every row named here is locked until the transaction ends, in the order of <see cref="GuardedTransactionOptions.LockOrder"/> and, within a table, of its key
/// columns; all rows of one table are locked with the strongest mode that the plan asks of that table. Whoever revokes a right must change or delete the very
/// row that is required here. Build a plan on one thread; a finished plan may be used again, one run after another. See docs/data.md.
/// </remarks>
public sealed class GuardPlan
{
    private readonly List<GuardRequirement> _requirements = [];
    private readonly List<GuardQuery> _queries = [];
    private readonly List<GuardRow> _forbidden = [];
    private readonly HashSet<string> _keys = new(StringComparer.Ordinal);
    private readonly HashSet<string> _tags = new(StringComparer.Ordinal);

    private GuardPlan()
    {
    }

    internal IReadOnlyList<GuardRequirement> Requirements => _requirements;

    internal IReadOnlyList<GuardQuery> Queries => _queries;

    internal IReadOnlyList<GuardRow> Forbidden => _forbidden;

    internal IReadOnlyCollection<string> Keys => _keys;

    internal IReadOnlyCollection<string> Tags => _tags;

    internal int? ExpectedRows { get; private set; }

    internal IsolationLevel Isolation { get; private set; } = IsolationLevel.ReadCommitted;

    /// <summary>Starts an empty plan.</summary>
    /// <returns>The plan.</returns>
    public static GuardPlan Create() => new();

    /// <summary>Requires a row, such as a membership with a role. Without it the outcome is <see cref="GuardOutcome.Denied"/>.</summary>
    /// <param name="table">Table as the database stores its name.</param>
    /// <param name="match">Columns and values; see <see cref="GuardRow.OneOf"/>.</param>
    /// <returns>This plan.</returns>
    public GuardPlan RequireRow(string table, params (string Column, object Value)[] match) => RequireRow(table, LockMode.Share, match);

    /// <summary>Requires a row and locks it in the given mode.</summary>
    /// <param name="table">Table as the database stores its name.</param>
    /// <param name="mode">The lock; take a stronger one when the change also writes this row.</param>
    /// <param name="match">Columns and values.</param>
    /// <returns>This plan.</returns>
    public GuardPlan RequireRow(string table, LockMode mode, params (string Column, object Value)[] match)
    {
        _requirements.Add(GuardRequirement.Permission(mode, [GuardRow.Of(table, match)]));
        return this;
    }

    /// <summary>Requires at least one of several rows; all that exist are locked.</summary>
    /// <param name="alternatives">The rows, of one table or of several.</param>
    /// <returns>This plan.</returns>
    public GuardPlan RequireAny(params GuardRow[] alternatives)
    {
        ArgumentNullException.ThrowIfNull(alternatives);
        ArgumentOutOfRangeException.ThrowIfZero(alternatives.Length);
        _requirements.Add(GuardRequirement.Permission(LockMode.Share, [.. alternatives]));
        return this;
    }

    /// <summary>
    /// Requires that a row does not exist, such as a ban. What is absent cannot be locked, so a parent is: whoever adds such a row must lock the same parent with
    /// <see cref="LockMode.NoKeyUpdate"/> or <see cref="LockMode.Update"/>, or delete it, in the same transaction.
    /// </summary>
    /// <param name="row">The row that must not be there.</param>
    /// <param name="parent">The row that stands for it; it is required and share-locked.</param>
    /// <returns>This plan.</returns>
    /// <remarks>Only at <see cref="IsolationLevel.ReadCommitted"/>: above it a transaction looks at a snapshot that is older than its locks.</remarks>
    public GuardPlan ForbidRow(GuardRow row, GuardRow parent)
    {
        ArgumentNullException.ThrowIfNull(row);
        ArgumentNullException.ThrowIfNull(parent);
        _forbidden.Add(row);
        _requirements.Add(GuardRequirement.Permission(LockMode.Share, [parent]));
        return this;
    }

    /// <summary>Locks a row that the change touches. Without it the outcome is <see cref="GuardOutcome.NotFound"/>.</summary>
    /// <param name="table">Table as the database stores its name.</param>
    /// <param name="match">Columns and values.</param>
    /// <returns>This plan.</returns>
    public GuardPlan LockRow(string table, params (string Column, object Value)[] match)
    {
        _requirements.Add(GuardRequirement.Target(LockMode.Update, GuardRow.Of(table, match), 1));
        return this;
    }

    /// <summary>Locks the rows that the change touches, in key order. When one is missing the outcome is <see cref="GuardOutcome.NotFound"/>.</summary>
    /// <typeparam name="TKey">Type of the key; on SQLite whole numbers and strings.</typeparam>
    /// <param name="table">Table as the database stores its name.</param>
    /// <param name="column">A column that is unique in the table.</param>
    /// <param name="keys">The keys, at least one; repeated ones count once.</param>
    /// <param name="mode">The lock.</param>
    /// <returns>This plan.</returns>
    public GuardPlan LockRows<TKey>(string table, string column, IReadOnlyCollection<TKey> keys, LockMode mode = LockMode.Update)
        where TKey : notnull
    {
        ArgumentNullException.ThrowIfNull(keys);
        ArgumentOutOfRangeException.ThrowIfZero(keys.Count, nameof(keys));
        TKey[] distinct = [.. keys.Distinct()];
        _requirements.Add(GuardRequirement.Target(mode, GuardRow.Of(table, (column, GuardRow.OneOf(distinct))), distinct.Length));
        return this;
    }

    /// <summary>
    /// The way out for a condition that columns and values cannot say: a query of your own that must give at least one row. The lock clause is added by the
    /// library. On PostgreSQL only the aliased row is checked again after a wait; name every other row that the decision depends on apart.
    /// </summary>
    /// <param name="table">The table that is locked, for the order.</param>
    /// <param name="query">A SELECT without ORDER BY, LIMIT and lock clause.</param>
    /// <param name="lockAlias">The alias of the locked table in the query.</param>
    /// <param name="mode">The lock.</param>
    /// <returns>This plan.</returns>
    public GuardPlan RequireQuery(string table, Sql query, string lockAlias, LockMode mode = LockMode.Share)
    {
        SqlNames.Check(table, nameof(table), table: true);
        SqlNames.Check(lockAlias, nameof(lockAlias));
        ArgumentNullException.ThrowIfNull(query);
        _queries.Add(new GuardQuery(table, query, lockAlias, mode));
        return this;
    }

    /// <summary>Expects the change to touch exactly so many rows, else it is taken back with <see cref="GuardOutcome.Conflict"/>.</summary>
    /// <param name="rows">Rows reported by <see cref="GuardContext.ExecuteAsync"/> and <see cref="GuardContext.Affected"/>; 0 or more.</param>
    /// <returns>This plan.</returns>
    public GuardPlan ExpectRows(int rows = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ExpectedRows = rows;
        return this;
    }

    /// <summary>Makes these keys of the fenced cache invalid with the commit, and after a commit whose outcome is unknown.</summary>
    /// <param name="keys">The keys.</param>
    /// <returns>This plan.</returns>
    public GuardPlan Invalidate(params string[] keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        _keys.UnionWith(keys);
        return this;
    }

    /// <summary>Makes everything with these tags in the fenced cache invalid with the commit, and after a commit whose outcome is unknown.</summary>
    /// <param name="tags">The tags.</param>
    /// <returns>This plan.</returns>
    public GuardPlan InvalidateTags(params string[] tags)
    {
        ArgumentNullException.ThrowIfNull(tags);
        _tags.UnionWith(tags);
        return this;
    }

    /// <summary>Runs the transaction at another isolation level; the locks are taken at every level. SQLite has only one.</summary>
    /// <param name="isolation"><see cref="IsolationLevel.ReadCommitted"/> (the default), <see cref="IsolationLevel.RepeatableRead"/> or <see cref="IsolationLevel.Serializable"/>.</param>
    /// <returns>This plan.</returns>
    public GuardPlan WithIsolation(IsolationLevel isolation)
    {
        Isolation = isolation is IsolationLevel.ReadCommitted or IsolationLevel.RepeatableRead or IsolationLevel.Serializable
            ? isolation
            : throw new ArgumentOutOfRangeException(nameof(isolation), isolation, "Use ReadCommitted, RepeatableRead or Serializable.");
        return this;
    }
}
