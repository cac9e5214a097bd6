using System.Threading.Channels;
using Resilience.Storage.Internal;

namespace Resilience.Systematic.Tests.Storage;

/// <summary>What is wrong with a loop.</summary>
internal enum LoopFault
{
    /// <summary>A batch that fails is not run again one by one, and nobody is told.</summary>
    ForgetsFailedBatches,

    /// <summary>The close looks at the queue only: what goes into the next batch is lost.</summary>
    EndsWithoutTheCarried,
}

/// <summary>A group commit as one might write it at first, with one fault. The schedules must find it.</summary>
internal sealed class MutantLoop : IAsyncDisposable
{
    private readonly Channel<DeletionWork> _queue = Channel.CreateBounded<DeletionWork>(2);
    private readonly ICommitTransaction _transaction;
    private readonly LoopFault _fault;
    private readonly Task _loop;

    public MutantLoop(ICommitTransaction transaction, LoopFault fault)
    {
        (_transaction, _fault) = (transaction, fault);
        _loop = ScheduleStart(RunAsync);
    }

    public async Task SubmitAsync(DeletionWork work)
    {
        work.Stage = WorkStage.Request;
        var outcome = work.ExpectOutcome();
        await _queue.Writer.WriteAsync(work);
        await outcome;
    }

    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _loop;
    }

    private static Task ScheduleStart(Func<Task> body) => TestKit.Systematic.ScheduleExplorer.StartBackground(body);

    private async Task RunAsync()
    {
        var carried = new List<DeletionWork>();
        while ((_fault != LoopFault.EndsWithoutTheCarried && carried.Count > 0) || await _queue.Reader.WaitToReadAsync())
        {
            List<DeletionWork> batch = [.. carried];
            carried.Clear();
            while (_queue.Reader.TryRead(out var work))
            {
                batch.Add(work);
            }

            try
            {
                await _transaction.RunAsync(batch, wait: false);
            }
            catch (TimeoutException exception)
            {
                foreach (var work in batch.Where(_ => _fault != LoopFault.ForgetsFailedBatches))
                {
                    work.Fail(exception);
                }

                continue;
            }

            foreach (var work in batch)
            {
                if (work.Outcome.Kind == StepKind.Requested)
                {
                    work.Stage = WorkStage.Begin;
                    carried.Add(work);
                }
                else
                {
                    work.Publish();
                }
            }
        }
    }
}
