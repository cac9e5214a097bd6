using System.Data.Common;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace Resilience.Storage.Internal;

/// <summary>
/// Group commit: whatever has gathered while the last transaction ran shares the next one. There is one such transaction at a time per process, so SQLite's single
/// write lock is never contended from inside, and no batch waits for a lock while it holds others. A batch that fails is run again one by one, so that
/// one deletion cannot spoil another. Safe for concurrent use; the loop itself is one flow.
/// </summary>
internal sealed class CommitLoop : IAsyncDisposable
{
    // Long enough for a neighbour's commit, short enough that a batch never becomes part of a deadlock that the server must break (its own limit is 1 s).
    private static readonly TimeSpan BatchLockWait = TimeSpan.FromMilliseconds(100);
    private const string LockNotAvailable = "55P03";
    private const int MaxSolo = 4;

    private readonly StorageDatabase _database;
    private readonly BeginStep _begin;
    private readonly FinishStep _finish;
    private readonly AuditWriter _auditWriter;
    private readonly FileDeletionOptions _options;
    private readonly StorageMetrics _metrics;
    private readonly ILogger<CommitLoop> _logger;
    private readonly bool _judgesBefore;
    private readonly Channel<DeletionWork> _queue;
    private readonly SemaphoreSlim _solo = new(MaxSolo, MaxSolo);
    private readonly Lazy<Task> _loop;
    private int _soloRunning;
    private TaskCompletionSource? _soloIdle;

    public CommitLoop(
        StorageDatabase database,
        BeginStep begin,
        FinishStep finish,
        AuditWriter auditWriter,
        IDeletionAuthorizer authorizer,
        IDeletableStore store,
        FileDeletionOptions options,
        StorageMetrics metrics,
        ILogger<CommitLoop> logger)
    {
        _database = database;
        _begin = begin;
        _finish = finish;
        _auditWriter = auditWriter;
        _options = options;
        _metrics = metrics;
        _logger = logger;
        _judgesBefore = Judge.IsNeeded(authorizer, store);
        _queue = Channel.CreateBounded<DeletionWork>(new BoundedChannelOptions(options.MaxQueued) { SingleReader = true });
        _loop = new Lazy<Task>(() => Systematic.StartDetached(RunAsync));
    }

    public int Queued => _queue.Reader.Count;

    /// <summary>Runs one step of a deletion; ends when its transaction is committed.</summary>
    /// <exception cref="DbException">The transaction failed, by itself too, and it is known or cannot be learnt that nothing was committed.</exception>
    public async Task<StepOutcome> SubmitAsync(DeletionWork work, WorkStage stage)
    {
        work.Stage = stage;
        work.Outcome = default;
        var outcome = work.ExpectOutcome();
        _ = _loop.Value;
        Systematic.Interleave("storage.submit");
        await _queue.Writer.WriteAsync(work).ConfigureAwait(Systematic.KeepContext);
        return await outcome.ConfigureAwait(Systematic.KeepContext);
    }

    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        if (_loop.IsValueCreated)
        {
            await _loop.Value.ConfigureAwait(Systematic.KeepContext);
        }

        var idle = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        // A full fence: without it the count could be read before the others see whom to tell.
        Interlocked.Exchange(ref _soloIdle, idle);
        if (Volatile.Read(ref _soloRunning) > 0)
        {
            await idle.Task.ConfigureAwait(Systematic.KeepContext);
        }

        _solo.Dispose();
    }

    private async Task RunAsync()
    {
        var batch = new List<DeletionWork>(_options.MaxBatch);
        var carried = new List<DeletionWork>();
        while (carried.Count > 0 || await _queue.Reader.WaitToReadAsync().ConfigureAwait(Systematic.KeepContext))
        {
            batch.AddRange(carried);
            carried.Clear();
            while (batch.Count < _options.MaxBatch && _queue.Reader.TryRead(out var work))
            {
                batch.Add(work);
            }

            try
            {
                await TransactAsync(batch, wait: false).ConfigureAwait(Systematic.KeepContext);
                foreach (var work in batch)
                {
                    Dispatch(work, carried);
                }
            }
            catch (Exception exception)
            {
                // The reason reaches each caller by its own run; here it is one line for the batch.
                if (exception is DbException { SqlState: LockNotAvailable })
                {
                    StorageLog.BatchGaveWay(_logger, batch.Count);
                }
                else
                {
                    StorageLog.BatchFailed(_logger, batch.Count, exception);
                }

                _metrics.BatchFailed();
                foreach (var work in batch)
                {
                    _ = SoloAsync(work);
                }
            }

            batch.Clear();
        }
    }

    private void Dispatch(DeletionWork work, List<DeletionWork> carried)
    {
        switch (work.Outcome.Kind)
        {
            case StepKind.Requested when !_judgesBefore:
                work.Stage = WorkStage.Begin;
                work.Outcome = default;
                carried.Add(work);
                break;
            case StepKind.Later:
                work.Outcome = default;
                carried.Add(work);
                break;
            case StepKind.Locked:
                _ = SoloAsync(work);
                break;
            default:
                work.Publish();
                break;
        }
    }

    /// <summary>One deletion in a transaction of its own, which may wait for the record's lock. Ends by publishing; never throws.</summary>
    private async Task SoloAsync(DeletionWork work)
    {
        Interlocked.Increment(ref _soloRunning);
        try
        {
            await _solo.WaitAsync().ConfigureAwait(Systematic.KeepContext);
            try
            {
                await TransactAsync([work], wait: true).ConfigureAwait(Systematic.KeepContext);
                while (work.Outcome.Kind == StepKind.Later || (work.Outcome.Kind == StepKind.Requested && !_judgesBefore))
                {
                    work.Stage = work.Outcome.Kind == StepKind.Requested ? WorkStage.Begin : work.Stage;
                    await TransactAsync([work], wait: true).ConfigureAwait(Systematic.KeepContext);
                }
            }
            finally
            {
                _solo.Release();
            }

            work.Publish();
        }
        catch (DbException exception) when (exception.SqlState == LockNotAvailable)
        {
            work.Outcome = new(StepKind.Locked);
            work.Publish();
        }
        catch (Exception exception)
        {
            work.Fail(exception);
        }
        finally
        {
            if (Interlocked.Decrement(ref _soloRunning) == 0)
            {
                Volatile.Read(ref _soloIdle)?.TrySetResult();
            }
        }
    }

    private async Task TransactAsync(List<DeletionWork> batch, bool wait)
    {
        var begins = new List<DeletionWork>();
        var finishes = new List<DeletionWork>();
        var audit = _auditWriter.Begin();
        foreach (var work in batch)
        {
            work.Outcome = default;
            Sort(work, begins, finishes, audit);
        }

        var session = await _database.BeginAsync(wait ? _options.LockTimeout : BatchLockWait, CancellationToken.None).ConfigureAwait(Systematic.KeepContext);
        await using (session.ConfigureAwait(Systematic.KeepContext))
        {
            if (finishes.Count > 0)
            {
                await _finish.RunAsync(session, finishes, audit, wait, CancellationToken.None).ConfigureAwait(Systematic.KeepContext);

                // The next step asks the trail what has succeeded.
                await audit.WriteAsync(session, CancellationToken.None).ConfigureAwait(Systematic.KeepContext);
            }

            if (begins.Count > 0)
            {
                await _begin.RunAsync(session, begins, audit, wait, CancellationToken.None).ConfigureAwait(Systematic.KeepContext);
            }

            await audit.WriteAsync(session, CancellationToken.None).ConfigureAwait(Systematic.KeepContext);
            await CommitAsync(session, begins, finishes).ConfigureAwait(Systematic.KeepContext);
        }

        _metrics.Batch(batch.Count);
        Settle(begins, finishes);
        await audit.PublishAsync().ConfigureAwait(Systematic.KeepContext);
    }

    private static void Sort(DeletionWork work, List<DeletionWork> begins, List<DeletionWork> finishes, AuditBatch audit)
    {
        switch (work.Stage)
        {
            case WorkStage.Finish:
                finishes.Add(work);
                break;
            case WorkStage.Begin when work.TryTake():
                begins.Add(work);
                break;
            case WorkStage.Request when !work.IsCancelled:
                audit.Add(work, AuditResult.Requested);
                work.Outcome = new(StepKind.Requested);
                break;
            case WorkStage.Note:
                audit.Add(work, AuditResult.Requested);
                work.Settle(DeletionStatus.Accepted);
                break;
            case WorkStage.NoteMissing:
                audit.Add(work, AuditResult.Requested);
                audit.Add(work, AuditResult.NotFound);
                work.Settle(DeletionStatus.NotFound);
                break;
            case WorkStage.NoteBusy:
                audit.Add(work, AuditResult.Busy, error: work.NoteError);
                work.Settle(DeletionStatus.Busy);
                break;
            default:
                audit.Add(work, AuditResult.Cancelled);
                work.Settle(DeletionStatus.NotCommitted);
                break;
        }
    }

    private static void Settle(List<DeletionWork> begins, List<DeletionWork> finishes)
    {
        foreach (var work in begins)
        {
            if (work.Outcome.Kind is StepKind.Rejudge or StepKind.Locked)
            {
                work.GiveBack();
            }
            else
            {
                work.Decided.TrySetResult(work.Outcome.Kind == StepKind.Begun);
            }
        }

        foreach (var work in finishes)
        {
            if (work.Outcome.Kind == StepKind.AttemptFailed)
            {
                work.Entry!.Attempts++;
            }
        }
    }

    /// <summary>
    /// A commit whose answer is lost is decided by what a new connection reads, never by the exception. One row of the transaction speaks for all of it. When
    /// the database cannot be asked, nothing more is done: no file is touched, and recovery finds what was committed.
    /// </summary>
    private async Task CommitAsync(SqlSession session, List<DeletionWork> begins, List<DeletionWork> finishes)
    {
        try
        {
            await session.CommitAsync(CancellationToken.None).ConfigureAwait(Systematic.KeepContext);
        }
        catch (Exception exception)
        {
            await session.DisposeAsync().ConfigureAwait(Systematic.KeepContext);
            var begun = begins.FirstOrDefault(static w => w.Outcome.Kind == StepKind.Begun);
            var finished = finishes.FirstOrDefault(static w => w.Outcome.Kind == StepKind.Settled);
            var present = (begun ?? finished) is { } witness ? await IsPresentAsync(witness.Entry!.Id).ConfigureAwait(Systematic.KeepContext) : null;
            StorageLog.CommitInDoubt(_logger, present, exception);
            if (present is null || present != (begun is not null))
            {
                throw;
            }
        }
    }

    /// <summary>Null when the database cannot be asked.</summary>
    private async Task<bool?> IsPresentAsync(string id)
    {
        try
        {
            var session = await _database.OpenAsync(CancellationToken.None).ConfigureAwait(Systematic.KeepContext);
            await using (session.ConfigureAwait(Systematic.KeepContext))
            {
                var rows = await session.QueryAsync("journal_present", static r => r.GetString(0), CancellationToken.None, ("@ids", JsonParameter.List([id])))
                    .ConfigureAwait(Systematic.KeepContext);
                return rows.Count > 0;
            }
        }
        catch (Exception)
        {
            // The exception of the commit is the one that says what happened.
            return null;
        }
    }
}
