using System.Data;
using System.Data.Common;
using System.Globalization;

namespace Resilience.Storage.Internal;

/// <summary>Opens sessions on the application's database and sees to it that commits are durable. Safe for concurrent use.</summary>
/// <param name="source">The application's connections.</param>
/// <param name="dialect">What they speak.</param>
/// <param name="options">Says whether commits must be durable.</param>
/// <param name="time">Bounds the wait for SQLite's writer.</param>
internal sealed class StorageDatabase(DbDataSource source, SqlDialect dialect, FileDeletionOptions options, TimeProvider time)
{
    // Asynchronous commit is switched off for these transactions whatever the session's default, as the server itself does when it drops a table's files.
    private const string Durable = "SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') = 'off'";

    private readonly SqlText _text = SqlText.For(dialect);
    private readonly SqliteTurns _turns = new(time);

    public SqlDialect Dialect => dialect;

    public DbDataSource Source => source;

    /// <summary>A session without a transaction, for reads.</summary>
    public async Task<SqlSession> OpenAsync(CancellationToken cancellationToken) =>
        new(_text, await source.OpenConnectionAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext), null, ownsConnection: true);

    /// <summary>
    /// A write transaction whose commit is durable. On SQLite the write lock is taken here, in turn (<see cref="SqliteTurns"/>): whoever holds a session of this or
    /// of <see cref="BeginSnapshotAsync"/> disposes it before it begins another, on SQLite or not, or it would wait for itself.
    /// </summary>
    /// <param name="lockTimeout">The longest wait for one row lock (PostgreSQL). On SQLite the connection's own limit holds, for the turn and the lock together.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<SqlSession> BeginAsync(TimeSpan lockTimeout, CancellationToken cancellationToken)
    {
        var session = await BeginOnAsync(IsolationLevel.Unspecified, durable: true, cancellationToken).ConfigureAwait(Systematic.KeepContext);
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

    /// <summary>A transaction all of whose reads see one moment. SQLite's takes the write lock too, in turn, as <see cref="BeginAsync"/> does.</summary>
    public Task<SqlSession> BeginSnapshotAsync(CancellationToken cancellationToken) => BeginOnAsync(
        dialect == SqlDialect.Sqlite ? IsolationLevel.Serializable : IsolationLevel.RepeatableRead, durable: false, cancellationToken);

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

    /// <summary>The session owns connection, transaction and turn; when there is no session, nothing of them is left.</summary>
    private async Task<SqlSession> BeginOnAsync(IsolationLevel level, bool durable, CancellationToken cancellationToken)
    {
        SqliteTurn? turn = null;
        var connection = await source.OpenConnectionAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        try
        {
            if (dialect != SqlDialect.Sqlite)
            {
                return Own(await connection.BeginTransactionAsync(level, cancellationToken).ConfigureAwait(Systematic.KeepContext));
            }

            if (durable)
            {
                await RequireDurableAsync(new SqlSession(_text, connection, null, ownsConnection: false), cancellationToken).ConfigureAwait(Systematic.KeepContext);
            }

            turn = await _turns.TakeAsync(connection, cancellationToken).ConfigureAwait(Systematic.KeepContext);
            return Own(await turn.BeginAsync(level, cancellationToken).ConfigureAwait(Systematic.KeepContext));
        }
        catch
        {
            using (turn)
            {
                await connection.DisposeAsync().ConfigureAwait(Systematic.KeepContext);
            }

            throw;
        }

        SqlSession Own(DbTransaction transaction) => new(_text, connection, transaction, ownsConnection: true, turn);
    }
}
