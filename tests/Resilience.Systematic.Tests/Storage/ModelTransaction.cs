using Resilience.Storage;
using Resilience.Storage.Internal;
using Resilience.TestKit.Systematic;

namespace Resilience.Systematic.Tests.Storage;

/// <summary>What is wrong with a transaction. Each must be found by the schedules.</summary>
internal enum TransactionFault
{
    None,

    /// <summary>A cancellation is looked at, and the work is taken a moment later all the same.</summary>
    TakesWhatIsGivenUp,

    /// <summary>What a transaction does shows at once, and stays when it fails.</summary>
    NoRollback,
}

/// <summary>
/// The database as the commit loop sees it: a set of works goes through its stages all at once or not at all. It may fail before anything, in the middle, or at the
/// commit, and gives way in between.
/// </summary>
internal sealed class ModelTransaction(Schedule schedule, bool oneWriter, int failures, TransactionFault fault = TransactionFault.None) : ICommitTransaction
{
    private int _failures = failures;
    private int _batches;

    /// <summary>Keys whose deletion is committed, with the work that did it.</summary>
    public Dictionary<string, DeletionWork> Begun { get; } = new(StringComparer.Ordinal);

    public HashSet<string> Gone { get; } = new(StringComparer.Ordinal);

    public bool IsClosed { get; set; }

    public int Running { get; private set; }

    public int MostOfAStep { get; private set; }

    public async Task RunAsync(IReadOnlyList<DeletionWork> batch, bool wait)
    {
        Schedule.Check(!IsClosed, "a transaction began after the loop was disposed");
        MostOfAStep = Math.Max(MostOfAStep, batch.GroupBy(static w => w.Stage).Max(static g => g.Count()));
        _batches += wait ? 0 : 1;
        Running++;
        Schedule.Check(wait || _batches <= (oneWriter ? 1 : 2), $"{_batches} batches at once");
        var undo = new Stack<Action>();
        try
        {
            await StepAsync();
            foreach (var work in batch)
            {
                work.Outcome = default;
                await RunAsync(work, undo);
            }

            await StepAsync();
            foreach (var work in batch.Where(static w => w.Outcome.Kind == StepKind.Begun))
            {
                work.Decided.TrySetResult(true);
            }
        }
        catch
        {
            while (fault != TransactionFault.NoRollback && undo.TryPop(out var action))
            {
                action();
            }

            throw;
        }
        finally
        {
            Running--;
            _batches -= wait ? 0 : 1;
        }
    }

    private async Task RunAsync(DeletionWork work, Stack<Action> undo)
    {
        switch (work.Stage)
        {
            case WorkStage.Request when !work.IsCancelled:
                work.Outcome = new(StepKind.Requested);
                break;
            case WorkStage.Begin when await TakeAsync(work):
                Begin(work, undo);
                break;
            case WorkStage.Finish when schedule.Choose(4) == 0:
                work.Outcome = new(StepKind.Later);
                break;
            case WorkStage.Finish:
                Schedule.Check(Gone.Add(work.Key), $"{work.Key} was finished twice");
                undo.Push(() => Gone.Remove(work.Key));
                work.Settle(DeletionStatus.Succeeded);
                break;
            default:
                work.Settle(DeletionStatus.NotCommitted);
                break;
        }
    }

    private async Task<bool> TakeAsync(DeletionWork work)
    {
        if (fault != TransactionFault.TakesWhatIsGivenUp)
        {
            return work.TryTake();
        }

        var free = !work.IsCancelled;
        await schedule.Yield();
        work.TryTake();
        return free;
    }

    private void Begin(DeletionWork work, Stack<Action> undo)
    {
        if (!Begun.TryAdd(work.Key, work))
        {
            work.Settle(DeletionStatus.InProgress);
            return;
        }

        undo.Push(() => Begun.Remove(work.Key));
        work.Entry = new JournalEntry(work.IdText, work.Key, work.Key, FileIdentity.None, JournalKind.Record, work.Who.UserId);
        work.Outcome = new(StepKind.Begun);
    }

    private async Task StepAsync()
    {
        await schedule.Yield();
        if (_failures > 0 && schedule.Choose(3) == 0)
        {
            _failures--;
            throw new TimeoutException("the database");
        }
    }
}
