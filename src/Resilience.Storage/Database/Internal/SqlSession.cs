using System.Data.Common;

namespace Resilience.Storage.Internal;

/// <summary>
/// A connection, with a transaction or without one, that runs the named statements. What nobody waits for yet is kept and goes with the next statement, in the
/// order in which it was said: one round trip to a server, where the provider has batches. Used by one flow at a time. A turn of SQLite's writer ends with it.
/// </summary>
internal sealed class SqlSession(SqlText text, DbConnection connection, DbTransaction? transaction, bool ownsConnection, SqliteTurn? turn = null) : IAsyncDisposable
{
    private readonly List<SqlStatement> _waiting = [];

    public SqlDialect Dialect => text.Dialect;

    public DbConnection Connection => connection;

    public DbTransaction? Transaction => transaction;

    /// <summary>Adds a named statement that goes with the next one, or with the commit.</summary>
    public void Tell(string name, params ReadOnlySpan<(string Name, object? Value)> parameters) => TellText(text[name], null, parameters);

    /// <summary>The same; <paramref name="check"/> sees how many rows were changed when it is sent, and may throw.</summary>
    public void TellText(string sql, Action<int>? check, params ReadOnlySpan<(string Name, object? Value)> parameters) =>
        _waiting.Add(new SqlEffect(sql, parameters.ToArray(), check));

    /// <summary>Adds a question; its rows are there after <see cref="SendAsync"/>.</summary>
    public SqlRows<T> Ask<T>(string name, Func<DbDataReader, T> read, params ReadOnlySpan<(string Name, object? Value)> parameters) =>
        AskText(text[name], read, parameters);

    public SqlRows<T> AskText<T>(string sql, Func<DbDataReader, T> read, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        var rows = new SqlRows<T>(sql, parameters.ToArray(), read);
        _waiting.Add(rows);
        return rows;
    }

    public Task<int> ExecuteAsync(string name, CancellationToken cancellationToken, params ReadOnlySpan<(string Name, object? Value)> parameters) =>
        ExecuteTextAsync(text[name], cancellationToken, parameters);

    public Task<int> ExecuteTextAsync(string sql, CancellationToken cancellationToken, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        var effect = new SqlEffect(sql, parameters.ToArray(), null);
        _waiting.Add(effect);
        return FinishAsync(effect, cancellationToken);
    }

    public Task<List<T>> QueryAsync<T>(
        string name, Func<DbDataReader, T> read, CancellationToken cancellationToken, params ReadOnlySpan<(string Name, object? Value)> parameters) =>
        FinishAsync(Ask(name, read, parameters), cancellationToken);

    public Task<List<T>> QueryTextAsync<T>(
        string sql, Func<DbDataReader, T> read, CancellationToken cancellationToken, params ReadOnlySpan<(string Name, object? Value)> parameters) =>
        FinishAsync(AskText(sql, read, parameters), cancellationToken);

    /// <summary>The first value of the answer; null when there is none.</summary>
    public async Task<object?> ScalarTextAsync(string sql, CancellationToken cancellationToken)
    {
        var rows = await QueryTextAsync(sql, static r => r.IsDBNull(0) ? null : r.GetValue(0), cancellationToken).ConfigureAwait(Systematic.KeepContext);
        return rows.Count == 0 ? null : rows[0];
    }

    /// <summary>Sends what waits.</summary>
    public async Task SendAsync(CancellationToken cancellationToken)
    {
        if (_waiting.Count == 0)
        {
            return;
        }

        SqlStatement[] statements = [.. _waiting];
        _waiting.Clear();
        if (statements.Length > 1 && connection.CanCreateBatch)
        {
            await SendBatchAsync(statements, cancellationToken).ConfigureAwait(Systematic.KeepContext);
            return;
        }

        foreach (var statement in statements)
        {
            await SendOneAsync(statement, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        }
    }

    public async Task CommitAsync(CancellationToken cancellationToken)
    {
        await SendAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        Systematic.Interleave("storage.commit");
        await transaction!.CommitAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
    }

    public async ValueTask DisposeAsync()
    {
        if (!ownsConnection)
        {
            return;
        }

        try
        {
            if (transaction is not null)
            {
                await transaction.DisposeAsync().ConfigureAwait(Systematic.KeepContext);
            }
        }
        catch (Exception exception) when (exception is DbException or InvalidOperationException)
        {
            // A rollback on a broken connection: the server has rolled back by itself.
        }
        finally
        {
            // In this order: the next one finds the lock free.
            using (turn)
            {
                await connection.DisposeAsync().ConfigureAwait(Systematic.KeepContext);
            }
        }
    }

    private async Task<int> FinishAsync(SqlEffect effect, CancellationToken cancellationToken)
    {
        await SendAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        return effect.Affected;
    }

    private async Task<List<T>> FinishAsync<T>(SqlRows<T> question, CancellationToken cancellationToken)
    {
        await SendAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        return question.Rows;
    }

    private async Task SendOneAsync(SqlStatement statement, CancellationToken cancellationToken)
    {
        var command = connection.CreateCommand();
        await using (command.ConfigureAwait(Systematic.KeepContext))
        {
            command.Transaction = transaction;
            command.CommandText = statement.Sql;
            statement.Bind(command.Parameters, command.CreateParameter);
            if (!statement.HasRows)
            {
                statement.Done(await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext));
                return;
            }

            var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
            await using (reader.ConfigureAwait(Systematic.KeepContext))
            {
                await statement.ReadAsync(reader, cancellationToken).ConfigureAwait(Systematic.KeepContext);
            }
        }
    }

    private async Task SendBatchAsync(SqlStatement[] statements, CancellationToken cancellationToken)
    {
        var batch = connection.CreateBatch();
        await using (batch.ConfigureAwait(Systematic.KeepContext))
        {
            batch.Transaction = transaction;
            foreach (var statement in statements)
            {
                var command = batch.CreateBatchCommand();
                command.CommandText = statement.Sql;
                statement.Bind(command.Parameters, command.CreateParameter);
                batch.BatchCommands.Add(command);
            }

            var reader = await batch.ExecuteReaderAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
            await using (reader.ConfigureAwait(Systematic.KeepContext))
            {
                // The reader stands at the first statement that has rows.
                foreach (var statement in statements.Where(static s => s.HasRows))
                {
                    await statement.ReadAsync(reader, cancellationToken).ConfigureAwait(Systematic.KeepContext);
                    await reader.NextResultAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
                }
            }

            for (var i = 0; i < statements.Length; i++)
            {
                statements[i].Done(batch.BatchCommands[i].RecordsAffected);
            }
        }
    }
}
