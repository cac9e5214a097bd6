using System.Data.Common;
using System.Globalization;
using Microsoft.Extensions.Logging;

namespace Resilience.Storage.Internal;

/// <summary>
/// Brings the tables up to date and checks what deletions rely on, once. What the application configured wrongly is an <see cref="InvalidOperationException"/>;
/// what the environment lacks just now (database, mount) is the provider's exception or an <see cref="IOException"/>, and is tried again with the next call.
/// Safe for concurrent use.
/// </summary>
internal sealed class StorageInitializer(StorageDatabase database, IRecordAdapter records, RootGuard root, FileDeletionOptions options, ILogger<StorageInitializer> logger) : IDisposable
{
    private readonly SemaphoreSlim _once = new(1, 1);
    private volatile bool _schemaReady;
    private volatile bool _ready;

    public bool IsReady => _ready;

    public void Dispose() => _once.Dispose();

    public ValueTask EnsureAsync(CancellationToken cancellationToken) => _ready ? ValueTask.CompletedTask : new(InitializeAsync(pair: true, cancellationToken));

    public ValueTask EnsureSchemaAsync(CancellationToken cancellationToken) =>
        _schemaReady ? ValueTask.CompletedTask : new(InitializeAsync(pair: false, cancellationToken));

    private async Task InitializeAsync(bool pair, CancellationToken cancellationToken)
    {
        await _once.WaitAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        try
        {
            if (!_schemaReady)
            {
                await PrepareDatabaseAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
                _schemaReady = true;
            }

            if (!pair || _ready)
            {
                return;
            }

            var state = await root.PairAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
            if (state is RootState.Foreign or RootState.MarkerMissing)
            {
                throw root.Refusal(state);
            }

            if (state == RootState.Paired)
            {
                await root.AdvanceAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
            }

            _ready = true;
        }
        finally
        {
            _once.Release();
        }
    }

    private async Task PrepareDatabaseAsync(CancellationToken cancellationToken)
    {
        var session = await database.OpenAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        await using (session.ConfigureAwait(Systematic.KeepContext))
        {
            await database.RequireDurableAsync(session, cancellationToken).ConfigureAwait(Systematic.KeepContext);
            await RequireJournalAsync(session, cancellationToken).ConfigureAwait(Systematic.KeepContext);
            if (options.RequireDurableCommits && !await database.SyncsAsync(session, cancellationToken).ConfigureAwait(Systematic.KeepContext))
            {
                // The whole server is run that way, on somebody's decision; a developer's machine should start.
                StorageLog.ServerDoesNotSync(logger);
            }
        }

        if (options.CreateSchema)
        {
            await StorageSchema.ApplyAsync(database.Source, database.Dialect, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        }

        session = await database.OpenAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        await using (session.ConfigureAwait(Systematic.KeepContext))
        {
            var version = await session.ScalarTextAsync("SELECT MAX(version) FROM resilience_file_schema", cancellationToken).ConfigureAwait(Systematic.KeepContext);
            StorageSchema.ThrowIfNewer(Convert.ToInt32(version, CultureInfo.InvariantCulture));
            try
            {
                foreach (var key in await records.ValidateAsync(session, cancellationToken).ConfigureAwait(Systematic.KeepContext))
                {
                    // It may be that the application removes what refers to a record before the record: only it knows.
                    StorageLog.ForeignKeyMayRefuse(logger, key);
                }
            }
            catch (DbException exception) when (!exception.IsTransient)
            {
                throw new InvalidOperationException($"The record table cannot be used as it is mapped: {exception.Message} Check the names in UseTable.", exception);
            }
        }
    }

    private async Task RequireJournalAsync(SqlSession session, CancellationToken cancellationToken)
    {
        if (!options.RequireDurableCommits || database.Dialect != SqlDialect.Sqlite)
        {
            return;
        }

        var mode = (string?)await session.ScalarTextAsync("PRAGMA journal_mode", cancellationToken).ConfigureAwait(Systematic.KeepContext);
        if (mode is "memory" or "off")
        {
            throw new InvalidOperationException(
                $"PRAGMA journal_mode is {mode}: a crash can lose what was committed. Use a file with journal_mode = WAL, or set FileDeletionOptions.RequireDurableCommits to false.");
        }
    }
}
