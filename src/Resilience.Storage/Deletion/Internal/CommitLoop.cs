using System.Data.Common;
using Microsoft.Extensions.Logging;

namespace Resilience.Storage.Internal;

/// <summary>
/// Group commit: whatever has gathered while the last transaction ran shares the next one. On SQLite there is one such transaction at a time per process, so its
/// single write lock is never contended from inside. On PostgreSQL there are two: one finishes deletions, and so waits for disks, while the other begins them;
/// neither waits for a record's lock while it holds others. A batch that fails is run again one by one, so that one deletion cannot spoil another.
/// Safe for concurrent use; each lane is one flow.
/// </summary>
internal sealed class CommitLoop : IAsyncDisposable
{
    private const string LockNotAvailable = "55P03";
    private const int MaxSolo = 4;

    private readonly ICommitTransaction _transaction;
    private readonly StorageMetrics _metrics;
    private readonly ILogger<CommitLoop> _logger;
    private readonly bool _judgesBefore;
    private readonly bool _goesOn;
    private readonly CommitLane _first;
    private readonly CommitLane _finishing;
    private readonly SemaphoreSlim _solo = new(MaxSolo, MaxSolo);
    private int _soloRunning;
    private TaskCompletionSource? _soloIdle;

    /// <param name="transaction">Runs the batches.</param>
    /// <param name="dialect">Decides how many batches there are at a time.</param>
    /// <param name="judgesBefore">Whether a request is judged by its caller before it is begun.</param>
    /// <param name="goesOn">Whether what has begun is finished by the next batch without a word of its caller's.</param>
    /// <param name="options">Bounds.</param>
    /// <param name="metrics">Counts batches that failed.</param>
    /// <param name="logger">Says why.</param>
    public CommitLoop(
        ICommitTransaction transaction,
        SqlDialect dialect,
        bool judgesBefore,
        bool goesOn,
        FileDeletionOptions options,
        StorageMetrics metrics,
        ILogger<CommitLoop> logger)
    {
        _transaction = transaction;
        _metrics = metrics;
        _logger = logger;
        _judgesBefore = judgesBefore;
        _goesOn = goesOn;
        _first = new CommitLane(options, RunAsync);
        _finishing = dialect == SqlDialect.Sqlite ? _first : new CommitLane(options, RunAsync);
    }

    public int Queued => _first.Queued + (ReferenceEquals(_first, _finishing) ? 0 : _finishing.Queued);

    /// <summary>Runs one step of a deletion; ends when its transaction is committed.</summary>
    /// <exception cref="DbException">The transaction failed, by itself too, and it is known or cannot be learnt that nothing was committed.</exception>
    public async Task<StepOutcome> SubmitAsync(DeletionWork work, WorkStage stage)
    {
        if (stage == WorkStage.Finish && work.TakeAhead() is { } ahead)
        {
            return await ahead.ConfigureAwait(Systematic.KeepContext);
        }

        work.Stage = stage;
        work.Outcome = default;
        var outcome = work.ExpectOutcome();
        Systematic.Interleave("storage.submit");
        if (stage == WorkStage.Finish && work.Entry!.State == JournalState.Stuck)
        {
            // It failed before and may fail again: not at the cost of a batch.
            await SoloAsync(work).ConfigureAwait(Systematic.KeepContext);
            return await outcome.ConfigureAwait(Systematic.KeepContext);
        }

        // A note takes the way of the deletion that it announces, so that the trail has them in order.
        await (stage is WorkStage.Finish or WorkStage.Note ? _finishing : _first).AddAsync(work).ConfigureAwait(Systematic.KeepContext);
        return await outcome.ConfigureAwait(Systematic.KeepContext);
    }

    public async ValueTask DisposeAsync()
    {
        await _first.DisposeAsync().ConfigureAwait(Systematic.KeepContext);
        await _finishing.DisposeAsync().ConfigureAwait(Systematic.KeepContext);
        var idle = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        // A full fence: without it the count could be read before the others see whom to tell.
        Interlocked.Exchange(ref _soloIdle, idle);
        if (Volatile.Read(ref _soloRunning) > 0)
        {
            await idle.Task.ConfigureAwait(Systematic.KeepContext);
        }

        _solo.Dispose();
    }

    /// <summary>One batch of a lane; gives what goes into the lane's next one. Never throws.</summary>
    private async Task RunAsync(IReadOnlyList<DeletionWork> batch, List<DeletionWork> carried)
    {
        try
        {
            await _transaction.RunAsync(batch, wait: false).ConfigureAwait(Systematic.KeepContext);
            foreach (var work in batch)
            {
                if (work.Outcome.Kind == StepKind.Begun && _goesOn)
                {
                    await GoOnAsync(work, carried).ConfigureAwait(Systematic.KeepContext);
                }
                else
                {
                    Dispatch(work, carried);
                }
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
    }

    private async ValueTask GoOnAsync(DeletionWork work, List<DeletionWork> carried)
    {
        work.GoOn(WorkStage.Finish);
        if (ReferenceEquals(_first, _finishing))
        {
            carried.Add(work);
        }
        else
        {
            // Closed only after the first lane's last batch.
            await _finishing.AddAsync(work).ConfigureAwait(Systematic.KeepContext);
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
                await _transaction.RunAsync([work], wait: true).ConfigureAwait(Systematic.KeepContext);
                while (work.Outcome.Kind == StepKind.Later || (work.Outcome.Kind == StepKind.Requested && !_judgesBefore))
                {
                    work.Stage = work.Outcome.Kind == StepKind.Requested ? WorkStage.Begin : work.Stage;
                    await _transaction.RunAsync([work], wait: true).ConfigureAwait(Systematic.KeepContext);
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
        catch (RecordRefusedException exception)
        {
            work.Outcome = new(StepKind.RecordRefused, default, exception);
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
}
