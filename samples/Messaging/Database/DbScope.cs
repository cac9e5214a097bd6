using System.Data.Common;
using Dapper;
using Resilience.Data;

namespace Messaging.Database;

/// <summary>
/// One connection, with the transaction of a write. Values travel as parameters only. Valid for one attempt, not safe for concurrent use.
/// </summary>
internal sealed class DbScope(DbConnection connection, DbTransaction? transaction, Dialect dialect, CancellationToken cancellationToken)
{
    private readonly GuardContext? _guard;
    private HashSet<Action>? _afterCommit;

    internal DbScope(GuardContext guard, Dialect dialect, CancellationToken cancellationToken)
        : this(guard.Connection, guard.Transaction, dialect, cancellationToken) => _guard = guard;

    internal Dialect Dialect => dialect;

    internal DbTransaction Transaction =>
        transaction ?? throw new InvalidOperationException("This scope only reads. Use WriteAsync for what must be one transaction.");

    /// <summary>The number of this attempt, from 1.</summary>
    internal int Attempt => Guard.Attempt;

    private GuardContext Guard =>
        _guard ?? throw new InvalidOperationException("This scope has no guarded transaction of its own: who began it has to do this.");

    internal Task<IEnumerable<T>> QueryAsync<T>(string sql, object? parameters = null) => connection.QueryAsync<T>(Command(sql, parameters));

    internal Task<T?> FirstOrDefaultAsync<T>(string sql, object? parameters = null) => connection.QueryFirstOrDefaultAsync<T?>(Command(sql, parameters));

    internal Task<T> SingleAsync<T>(string sql, object? parameters = null) => connection.QuerySingleAsync<T>(Command(sql, parameters));

    internal Task<int> ExecuteAsync(string sql, object? parameters = null) => connection.ExecuteAsync(Command(sql, parameters));

    internal Task<IEnumerable<T>> QueryAsync<T>(Sql sql) => QueryAsync<T>(sql.Text, sql.Parameters);

    /// <summary>Ends the write without the change: everything that it did is taken back when it returns.</summary>
    internal T Refuse<T>(GuardOutcome outcome)
    {
        Guard.Refuse(outcome);
        return default!;
    }

    /// <summary>Makes a key of the cache invalid with the commit.</summary>
    internal void Invalidate(string key) => Guard.Invalidate(key);

    /// <summary>
    /// Runs once when the transaction has been committed, and never when it was not. In a transaction that another library began, that library's caller does it.
    /// </summary>
    internal void AfterCommit(Action action)
    {
        if (_guard is not null && (_afterCommit ??= []).Add(action))
        {
            _guard.OnCommitted(_ =>
            {
                action();
                return ValueTask.CompletedTask;
            });
        }
    }

    private CommandDefinition Command(string sql, object? parameters) => new(sql, parameters, transaction, cancellationToken: cancellationToken);
}
