using System.Threading.Channels;

namespace Resilience.Storage.Internal;

/// <summary>A queue whose items are handed out in batches, one batch at a time. Safe for concurrent use; the batches are one flow.</summary>
internal sealed class CommitLane : IAsyncDisposable
{
    private readonly Func<IReadOnlyList<DeletionWork>, List<DeletionWork>, Task> _run;
    private readonly int _maxBatch;
    private readonly Channel<DeletionWork> _queue;
    private readonly Lazy<Task> _loop;

    /// <param name="options">Bounds of queue and batch.</param>
    /// <param name="run">Takes a batch, and adds to the list what belongs into the next one; never throws.</param>
    public CommitLane(FileDeletionOptions options, Func<IReadOnlyList<DeletionWork>, List<DeletionWork>, Task> run)
    {
        _run = run;
        _maxBatch = options.MaxBatch;
        _queue = Channel.CreateBounded<DeletionWork>(new BoundedChannelOptions(options.MaxQueued) { SingleReader = true });
        _loop = new Lazy<Task>(() => Systematic.StartDetached(LoopAsync));
    }

    public int Queued => _queue.Reader.Count;

    public async ValueTask AddAsync(DeletionWork work)
    {
        _ = _loop.Value;
        await _queue.Writer.WriteAsync(work).ConfigureAwait(Systematic.KeepContext);
    }

    /// <summary>Lets what is queued come to its end. May be called again.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        if (_loop.IsValueCreated)
        {
            await _loop.Value.ConfigureAwait(Systematic.KeepContext);
        }
    }

    private async Task LoopAsync()
    {
        var batch = new List<DeletionWork>(3 * _maxBatch);
        var carried = new List<DeletionWork>();
        while (carried.Count > 0 || await _queue.Reader.WaitToReadAsync().ConfigureAwait(Systematic.KeepContext))
        {
            // Whoever was told by the last batch comes with the next request before this one is made up, not after.
            await Task.Yield();
            Fill(batch, carried);
            await _run(batch, carried).ConfigureAwait(Systematic.KeepContext);
            batch.Clear();
        }
    }

    /// <summary>
    /// No step has more than the bound. What goes on from one step to the next takes no place of those who come new to the first; when it does not fit itself,
    /// nobody comes new.
    /// </summary>
    private void Fill(List<DeletionWork> batch, List<DeletionWork> carried)
    {
        int[] room = [_maxBatch, _maxBatch, _maxBatch];
        var left = 0;
        for (var i = 0; i < carried.Count; i++)
        {
            if (!TryAdd(batch, carried[i], room))
            {
                carried[left++] = carried[i];
            }
        }

        carried.RemoveRange(left, carried.Count - left);
        while (left == 0 && _queue.Reader.TryPeek(out var next) && TryAdd(batch, next, room))
        {
            _queue.Reader.TryRead(out _);
        }
    }

    private static bool TryAdd(List<DeletionWork> batch, DeletionWork work, int[] room)
    {
        ref var places = ref room[StepOf(work)];
        if (places == 0)
        {
            return false;
        }

        places--;
        batch.Add(work);
        return true;
    }

    private static int StepOf(DeletionWork work) => work.Stage switch
    {
        WorkStage.Begin => 1,
        WorkStage.Finish => 2,
        _ => 0,
    };
}
