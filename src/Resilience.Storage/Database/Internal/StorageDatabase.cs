using System.Data;
using System.Data.Common;
using System.Globalization;

namespace Resilience.Storage.Internal;

/// <summary>Opens sessions on the application's database and sees to it that commits are durable. Safe for concurrent use.</summary>
internal sealed class StorageDatabase(DbDataSource source, SqlDialect dialect, FileDeletionOptions options)
{
    // Asynchronous commit is switched off for these transactions whatever the session's default, as the server itself does when it drops a table's files.
    private const string Durable = "SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') = 'off'";

    private readonly SqlText _text = SqlText.For(dialect);

    public SqlDialect Dialect => dialect;

    public DbDataSource Source => source;

    /// <summary>A session without a transaction, for reads.</summary>
    public async Task<SqlSession> OpenAsync(CancellationToken cancellationToken) =>
        new(_text, await source.OpenConnectionAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext), null, ownsConnection: true);

    /// <summary>A write transaction whose commit is durable. On SQLite the write lock is taken here.</summary>
    /// <param name="lockTimeout">The longest wait for one row lock (PostgreSQL).</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<SqlSession> BeginAsync(TimeSpan lockTimeout, CancellationToken cancellationToken)
    {
        var connection = await source.OpenConnectionAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        try
        {
            if (dialect == SqlDialect.Sqlite)
            {
                await RequireDurableAsync(new SqlSession(_text, connection, null, ownsConnection: false), cancellationToken).ConfigureAwait(Systematic.KeepContext);
            }

            var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
            var session = new SqlSession(_text, connection, transaction, ownsConnection: true);
            if (dialect == SqlDialect.PostgreSql)
            {
                var milliseconds = ((long)lockTimeout.TotalMilliseconds).ToString(CultureInfo.InvariantCulture);

                // Both go with the first statement.
                session.TellText($"SET LOCAL lock_timeout = {milliseconds}", null);
                if (options.RequireDurableCommits)
                {
                    session.AskText(Durable, static _ => true);
                }
            }

            return session;
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(Systematic.KeepContext);
            throw;
        }
    }

    /// <summary>A transaction all of whose reads see one moment.</summary>
    public async Task<SqlSession> BeginSnapshotAsync(CancellationToken cancellationToken)
    {
        var connection = await source.OpenConnectionAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        try
        {
            var level = dialect == SqlDialect.Sqlite ? IsolationLevel.Serializable : IsolationLevel.RepeatableRead;
            var transaction = await connection.BeginTransactionAsync(level, cancellationToken).ConfigureAwait(Systematic.KeepContext);
            return new(_text, connection, transaction, ownsConnection: true);
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(Systematic.KeepContext);
            throw;
        }
    }

    /// <summary>The application's own transaction as a session: neither committed nor disposed here.</summary>
    public async Task<SqlSession> JoinAsync(DbTransaction transaction, CancellationToken cancellationToken)
    {
        var connection = transaction.Connection ?? throw new ArgumentException("The transaction has ended.", nameof(transaction));
        var session = new SqlSession(_text, connection, transaction, ownsConnection: false);
        if (dialect == SqlDialect.Sqlite)
        {
            await RequireDurableAsync(session, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        }
        else if (options.RequireDurableCommits)
        {
            await session.ExecuteTextAsync(Durable, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        }

        return session;
    }

    /// <summary>Refuses a database whose commits a power failure can undo: the file would be gone and the record back.</summary>
    /// <exception cref="InvalidOperationException">Commits are not durable.</exception>
    public async Task RequireDurableAsync(SqlSession session, CancellationToken cancellationToken)
    {
        if (!options.RequireDurableCommits)
        {
            return;
        }

        if (dialect == SqlDialect.Sqlite)
        {
            var level = Convert.ToInt64(
                await session.ScalarTextAsync("PRAGMA synchronous", cancellationToken).ConfigureAwait(Systematic.KeepContext), CultureInfo.InvariantCulture);
            if (level < 2)
            {
                throw new InvalidOperationException(
                    $"PRAGMA synchronous is {level}: a power failure could undo a commit after the file is gone. Set it to FULL (2) on every connection, or set FileDeletionOptions.RequireDurableCommits to false.");
            }

        }
    }

    /// <summary>Whether the server syncs its files; only a loss of power tells.</summary>
    public async Task<bool> SyncsAsync(SqlSession session, CancellationToken cancellationToken) =>
        dialect == SqlDialect.Sqlite
        || (string?)await session.ScalarTextAsync("SHOW fsync", cancellationToken).ConfigureAwait(Systematic.KeepContext) == "on";

}
