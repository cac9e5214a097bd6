using System.Data.Common;
using Microsoft.Extensions.Logging;
using Polly;

namespace Resilience.Storage.Internal;

/// <summary>Takes each deletion through its steps. All state is in the database; what is here can be lost at any moment. Safe for concurrent use.</summary>
internal sealed partial class DeletionEngine(
    StorageDatabase database,
    StorageInitializer initializer,
    IRecordAdapter records,
    IDeletableStore store,
    CommitLoop loop,
    Judge judge,
    RestoreStep restore,
    RetryPipeline retries,
    AuditWriter auditWriter,
    FileDeletionOptions options,
    InstanceId instance,
    StorageMetrics metrics,
    TimeProvider time,
    ILogger<DeletionEngine> logger) : IFileDeletionService, IAsyncDisposable
{
    private const int MaxJudgements = 5;
    private const int MaxUserIdLength = 256;

    private readonly CancellationTokenSource _stopping = new();
    private readonly ResiliencePipeline _retries = retries.Pipeline;
    private int _running;
    private int _disposed;
    private TaskCompletionSource? _idle;

    public async Task<DeletionResult> DeleteAsync(string key, DeletionContext who, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(key);
        Validate(who);
        cancellationToken.ThrowIfCancellationRequested();
        await initializer.EnsureAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        var work = new DeletionWork(NewId(), key, who);
        var flow = TrackAsync(work, RunAsync(work, cancellationToken));
        if (!cancellationToken.CanBeCanceled)
        {
            return await flow.ConfigureAwait(Systematic.KeepContext);
        }

        try
        {
            return await flow.WaitAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return await GiveUpAsync(work, flow, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        }
    }

    public async Task<DeletionTicket> EnlistAsync(DbTransaction transaction, FileToDelete file, DeletionContext who, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        ArgumentNullException.ThrowIfNull(file);
        Validate(who);
        await initializer.EnsureAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        var key = file.RecordKey ?? file.Path;
        var work = new DeletionWork(NewId(), key, who);
        var probe = await store.ProbeAsync(file.Path, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        if (probe.Kind == FileProbeKind.Refused || !RecordKeys.IsPossible(key))
        {
            return new(this, null, DeletionStatus.Refused, probe.Error ?? "key_invalid");
        }

        var entry = new JournalEntry(work.IdText, key, file.Path, probe.Identity, JournalKind.Enlisted, who.UserId);
        var session = await database.JoinAsync(transaction, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        await session.ExecuteAsync(
            "journal_drop_failed", cancellationToken, ("@root", options.RootName), ("@keys", JsonParameter.List([key]))).ConfigureAwait(Systematic.KeepContext);
        var inserted = await JournalSql.InsertAsync(session, [entry], options, instance, time, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        if (inserted.Count == 0)
        {
            return new(this, null, DeletionStatus.InProgress, null);
        }

        await session.ExecuteAsync("upload_revoke", cancellationToken, ("@root", options.RootName), ("@paths", JsonParameter.List([file.Path])))
            .ConfigureAwait(Systematic.KeepContext);
        work.Entry = entry;

        // Not in the application's transaction, which may roll back; and not awaited, because on SQLite that one holds the write lock.
        _ = NoteAsync(work);
        return new(this, work, DeletionStatus.Accepted, null);
    }

    public async Task<DeletionResult> ExecuteEnlistedAsync(DeletionWork work, CancellationToken cancellationToken)
    {
        var twin = new DeletionWork(work.Id, work.Key, work.Who) { Entry = work.Entry };
        var flow = TrackAsync(twin, CarryAsync(twin));
        try
        {
            return await flow.WaitAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return new(DeletionStatus.Accepted, 0, work.Id, null);
        }
    }

    /// <summary>Lets what is running come to the end of its step; waits between tries are cut short and left to recovery.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 1)
        {
            return;
        }

        await _stopping.CancelAsync().ConfigureAwait(Systematic.KeepContext);
        var idle = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        // A full fence: without it the count could be read before the others see whom to tell.
        Interlocked.Exchange(ref _idle, idle);
        if (Volatile.Read(ref _running) > 0)
        {
            await idle.Task.ConfigureAwait(Systematic.KeepContext);
        }

        await loop.DisposeAsync().ConfigureAwait(Systematic.KeepContext);
        _stopping.Dispose();
    }

    private static void Validate(DeletionContext who)
    {
        ArgumentNullException.ThrowIfNull(who);
        ArgumentException.ThrowIfNullOrEmpty(who.UserId, nameof(who));
        if (who.UserId.Length > MaxUserIdLength)
        {
            throw new ArgumentException($"The user id has {who.UserId.Length} characters; at most {MaxUserIdLength} are kept.", nameof(who));
        }
    }

    private Guid NewId() => Guid.CreateVersion7(time.GetUtcNow());

    private async Task<DeletionResult> TrackAsync(DeletionWork work, Task<DeletionResult> flow)
    {
        Interlocked.Increment(ref _running);
        var started = time.GetTimestamp();
        try
        {
            var result = await flow.ConfigureAwait(Systematic.KeepContext);
            metrics.Deleted(result.Status, time.GetElapsedTime(started));
            StorageLog.Ended(logger, work.Id, result.Status, result.Attempts, result.ErrorCode);
            return result;
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            metrics.DeletionBroke(time.GetElapsedTime(started));
            throw;
        }
        finally
        {
            if (Interlocked.Decrement(ref _running) == 0)
            {
                Volatile.Read(ref _idle)?.TrySetResult();
            }
        }
    }

    private static async Task<DeletionResult> GiveUpAsync(DeletionWork work, Task<DeletionResult> flow, CancellationToken cancellationToken)
    {
        if (work.TryCancel())
        {
            // Whatever the flow still comes to is of no interest; its exception must not become an unobserved one.
            _ = flow.ContinueWith(static t => _ = t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            throw new OperationCanceledException(cancellationToken);
        }

        // A transaction has it: the answer depends on whether that commits, and comes as soon as that is known.
        await Task.WhenAny(work.Decided.Task, flow).ConfigureAwait(Systematic.KeepContext);
        if (flow.IsCompleted)
        {
            return await flow.ConfigureAwait(Systematic.KeepContext);
        }

        return await work.Decided.Task.ConfigureAwait(Systematic.KeepContext)
            ? new(DeletionStatus.Accepted, 0, work.Id, null)
            : await flow.ConfigureAwait(Systematic.KeepContext);
    }

    private async Task NoteAsync(DeletionWork work)
    {
        try
        {
            await loop.SubmitAsync(new DeletionWork(work.Id, work.Key, work.Who), WorkStage.Note).ConfigureAwait(Systematic.KeepContext);
        }
        catch (Exception exception)
        {
            StorageLog.NoteFailed(logger, work.Id, exception);
        }
    }
}
