using Microsoft.Extensions.Logging;

namespace Resilience.Storage.Internal;

/// <summary>
/// What may take time is done before the transaction: an authorizer of the application's own, and a look at a store that is not the file system. The decision
/// counts only for a locked row that equals the judged one, so it is as good as one taken under the lock. Stateless.
/// </summary>
internal sealed class Judge(
    StorageDatabase database, IRecordAdapter records, IDeletableStore store, IDeletionAuthorizer authorizer, FileDeletionOptions options, TimeProvider time, ILogger<Judge> logger)
{
    /// <summary>Whether anything must be asked before the transaction.</summary>
    public static bool IsNeeded(IDeletionAuthorizer authorizer, IDeletableStore store) => authorizer is not InlineAuthorizer || store is not IConfinedFiles;

    public bool IsNeededHere => IsNeeded(authorizer, store);

    /// <summary>
    /// Whether the caller may be told that there is a record, when somebody holds its lock so that it cannot be decided. A look without the lock is enough: nothing is
    /// done on the strength of it.
    /// </summary>
    public async Task<bool> MayKnowAsync(DeletionWork work, CancellationToken cancellationToken)
    {
        if (!options.HideExistence || authorizer is AnyUserAuthorizer)
        {
            return true;
        }

        if (work.Judgement is { } judged)
        {
            return judged.Allowed;
        }

        if (authorizer is not InlineAuthorizer inline)
        {
            return false;
        }

        var session = await database.OpenAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        await using (session.ConfigureAwait(Systematic.KeepContext))
        {
            return await records.FindAsync(session, work.Key, cancellationToken).ConfigureAwait(Systematic.KeepContext) is { } record && inline.CanDelete(record, work.Who);
        }
    }

    /// <summary>Null when there is no live record: the transaction finds out what became of it.</summary>
    /// <exception cref="TimeoutException">The authorizer did not answer in time.</exception>
    public async Task<Judgement?> JudgeAsync(string key, DeletionContext who, CancellationToken cancellationToken)
    {
        FileRecord? record;
        var session = await database.OpenAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        await using (session.ConfigureAwait(Systematic.KeepContext))
        {
            record = await records.FindAsync(session, key, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        }

        if (record is null)
        {
            return null;
        }

        // The connection is back in its pool before anybody's code runs.
        var allowed = await AskAsync(record, who, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        FileProbe? probe = allowed && store is not IConfinedFiles && StoragePath.IsValid(record.Path)
            ? await store.ProbeAsync(record.Path, cancellationToken).ConfigureAwait(Systematic.KeepContext)
            : null;
        return new Judgement(record, allowed, probe);
    }

    private async Task<bool> AskAsync(FileRecord record, DeletionContext who, CancellationToken cancellationToken)
    {
        if (authorizer is InlineAuthorizer inline)
        {
            return inline.CanDelete(record, who);
        }

        using var timeout = new CancellationTokenSource(options.AuthorizerTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        var token = either.Token;

        // On a thread of its own, so that an authorizer which blocks holds nobody but its caller.
        var answer = Task.Run(async () => await authorizer.CanDeleteAsync(record, who, token).ConfigureAwait(Systematic.KeepContext), CancellationToken.None);
        try
        {
            return await answer.WaitAsync(token).ConfigureAwait(Systematic.KeepContext);
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            // Its late exception must not become an unobserved one.
            _ = answer.ContinueWith(static t => _ = t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            StorageLog.AuthorizerTimedOut(logger, options.AuthorizerTimeout);
            throw new TimeoutException("The authorizer did not answer in time.");
        }
    }
}
