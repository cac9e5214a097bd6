using System.Data;
using System.Data.Common;

namespace Resilience.Storage.Internal;

/// <summary>A connection, with a transaction or without one, that runs the named statements. Used by one flow at a time.</summary>
internal sealed class SqlSession(SqlText text, DbConnection connection, DbTransaction? transaction, bool ownsConnection) : IAsyncDisposable
{
    public SqlDialect Dialect => text.Dialect;

    public DbConnection Connection => connection;

    public DbTransaction? Transaction => transaction;

    public Task<int> ExecuteAsync(string name, CancellationToken cancellationToken, params ReadOnlySpan<(string Name, object? Value)> parameters) =>
        RunAsync(Command(text[name], parameters), cancellationToken);

    public Task<int> ExecuteTextAsync(string sql, CancellationToken cancellationToken, params ReadOnlySpan<(string Name, object? Value)> parameters) =>
        RunAsync(Command(sql, parameters), cancellationToken);

    public Task<object?> ScalarTextAsync(string sql, CancellationToken cancellationToken, params ReadOnlySpan<(string Name, object? Value)> parameters) =>
        ScalarAsync(Command(sql, parameters), cancellationToken);

    public Task<List<T>> QueryAsync<T>(
        string name, Func<DbDataReader, T> read, CancellationToken cancellationToken, params ReadOnlySpan<(string Name, object? Value)> parameters) =>
        ReadAsync(Command(text[name], parameters), read, cancellationToken);

    public Task<List<T>> QueryTextAsync<T>(
        string sql, Func<DbDataReader, T> read, CancellationToken cancellationToken, params ReadOnlySpan<(string Name, object? Value)> parameters) =>
        ReadAsync(Command(sql, parameters), read, cancellationToken);

    public async Task CommitAsync(CancellationToken cancellationToken)
    {
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
            await connection.DisposeAsync().ConfigureAwait(Systematic.KeepContext);
        }
    }

    private static async Task<int> RunAsync(DbCommand command, CancellationToken cancellationToken)
    {
        await using (command.ConfigureAwait(Systematic.KeepContext))
        {
            return await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        }
    }

    private static async Task<object?> ScalarAsync(DbCommand command, CancellationToken cancellationToken)
    {
        await using (command.ConfigureAwait(Systematic.KeepContext))
        {
            return await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        }
    }

    private static async Task<List<T>> ReadAsync<T>(DbCommand command, Func<DbDataReader, T> read, CancellationToken cancellationToken)
    {
        await using (command.ConfigureAwait(Systematic.KeepContext))
        {
            var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
            await using (reader.ConfigureAwait(Systematic.KeepContext))
            {
                var rows = new List<T>();
                while (await reader.ReadAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext))
                {
                    rows.Add(read(reader));
                }

                return rows;
            }
        }
    }

    private DbCommand Command(string sql, ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = sql;
        foreach (var (name, value) in parameters)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = name;
            if (value is null)
            {
                // Without a type the server would have to guess one.
                parameter.DbType = DbType.String;
            }

            parameter.Value = value ?? DBNull.Value;
            command.Parameters.Add(parameter);
        }

        return command;
    }
}
