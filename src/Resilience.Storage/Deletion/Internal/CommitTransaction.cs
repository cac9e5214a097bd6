using System.Data.Common;
using Microsoft.Extensions.Logging;

namespace Resilience.Storage.Internal;

/// <summary>One transaction for a set of deletions.</summary>
internal interface ICommitTransaction
{
    /// <summary>Ends when the transaction is committed; each outcome counts from then on.</summary>
    /// <exception cref="RecordRefusedException">The database will not let a record go.</exception>
    Task RunAsync(IReadOnlyList<DeletionWork> batch, bool wait);
}

/// <summary>
/// One transaction for a set of deletions, each at its own stage. Stateless; safe for concurrent use.
/// </summary>
internal sealed class CommitTransaction(
    StorageDatabase database,
    BeginStep begin,
    FinishStep finish,
    AuditWriter auditWriter,
    FileDeletionOptions options,
    StorageMetrics metrics,
    ILogger<CommitTransaction> logger) : ICommitTransaction
{
    // Long enough for a neighbour's commit, short enough that a batch never becomes part of a deadlock that the server must break (its own limit is 1 s).
    private static readonly TimeSpan BatchLockWait = TimeSpan.FromMilliseconds(100);

    public async Task RunAsync(IReadOnlyList<DeletionWork> batch, bool wait)
    {
        var begins = new List<DeletionWork>();
        var finishes = new List<DeletionWork>();
        var audit = auditWriter.Begin();
        foreach (var work in batch)
        {
            work.Outcome = default;
            Sort(work, begins, finishes, audit);
        }

        var session = await database.BeginAsync(wait ? options.LockTimeout : BatchLockWait, CancellationToken.None).ConfigureAwait(Systematic.KeepContext);
        await using (session.ConfigureAwait(Systematic.KeepContext))
        {
            var locked = finishes.Count == 0 ? [] : await finish.LockAsync(session, finishes, wait, CancellationToken.None).ConfigureAwait(Systematic.KeepContext);
            var removing = locked.Count == 0 ? Task.CompletedTask : finish.RemoveAsync(locked, session.Dialect, CancellationToken.None);
            AuditBatch? expected = null;
            try
            {
                // The disk works on the files of deletions that are committed while the database begins others and gets ready to forget these.
                if (begins.Count > 0)
                {
                    await begin.RunAsync(session, begins, audit, wait, CancellationToken.None).ConfigureAwait(Systematic.KeepContext);
                }

                audit.Write(session);
                if (!removing.IsCompleted)
                {
                    expected = await finish.ExpectSuccessAsync(session, locked, CancellationToken.None).ConfigureAwait(Systematic.KeepContext);
                }
            }
            finally
            {
                // Under the locks, whatever happened: no file is unlinked after its journal row is free.
                await removing.ConfigureAwait(Systematic.KeepContext);
            }

            await finish.CompleteAsync(session, locked, expected, audit, CancellationToken.None).ConfigureAwait(Systematic.KeepContext);
            audit.Write(session);
            await session.SendAsync(CancellationToken.None).ConfigureAwait(Systematic.KeepContext);
            await CommitAsync(session, begins, finishes).ConfigureAwait(Systematic.KeepContext);
        }

        metrics.Batch(batch.Count);
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
            if (begun is null && present == true && exception is DbException answer && RecordRefusedException.Is(answer))
            {
                // A constraint that is looked at only at the commit.
                throw new RecordRefusedException(answer);
            }

            StorageLog.CommitInDoubt(logger, present, exception);
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
            var session = await database.OpenAsync(CancellationToken.None).ConfigureAwait(Systematic.KeepContext);
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
