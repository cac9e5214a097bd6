using System.Data.Common;
using Dapper;

namespace Messaging.Database;

/// <summary>One connection, with the transaction of a write. Values travel as parameters only. Not safe for concurrent use.</summary>
internal sealed class DbScope(DbConnection connection, DbTransaction? transaction, Dialect dialect, CancellationToken cancellationToken)
{
    private List<Action>? _afterCommit;

    internal Dialect Dialect => dialect;

    internal DbTransaction Transaction =>
        transaction ?? throw new InvalidOperationException("This scope only reads. Use WriteAsync for what must be one transaction.");

    internal bool IsUndone { get; private set; }

    internal Task<IEnumerable<T>> QueryAsync<T>(string sql, object? parameters = null) => connection.QueryAsync<T>(Command(sql, parameters));

    internal Task<T?> FirstOrDefaultAsync<T>(string sql, object? parameters = null) => connection.QueryFirstOrDefaultAsync<T?>(Command(sql, parameters));

    internal Task<T> SingleAsync<T>(string sql, object? parameters = null) => connection.QuerySingleAsync<T>(Command(sql, parameters));

    internal Task<int> ExecuteAsync(string sql, object? parameters = null) => connection.ExecuteAsync(Command(sql, parameters));

    /// <summary>Runs when the transaction has been committed, and never when it was not.</summary>
    internal void AfterCommit(Action action)
    {
        if (_afterCommit is null)
        {
            _afterCommit = [action];
        }
        else if (!_afterCommit.Contains(action))
        {
            _afterCommit.Add(action);
        }
    }

    /// <summary>Nothing of this transaction is kept; the write still answers. For a refusal that is found after rows were written.</summary>
    internal void Undo() => IsUndone = true;

    internal void Committed() => _afterCommit?.ForEach(static action => action());

    private CommandDefinition Command(string sql, object? parameters) => new(sql, parameters, transaction, cancellationToken: cancellationToken);
}
