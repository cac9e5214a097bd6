namespace Resilience.Storage.Internal;

/// <summary>
/// Threads for calls that block on a disk. The pool's are few, and blocked ones would hold up everybody's continuations; a thread for each batch would cost more
/// than the batch's files. Started when first needed, kept to the end. Safe for concurrent use. The lock guards the queue and the two counts; nothing is called under it.
/// </summary>
internal sealed class DiskThreads(int max) : IDisposable
{
    // What runs here makes a few system calls.
    private const int StackBytes = 256 * 1024;

    private readonly object _gate = new();
    private readonly Queue<Job> _jobs = [];
    private int _threads;
    private bool _closed;

    /// <summary>Runs the same work <paramref name="count"/> times, on as many threads as there are for it; ends when every run has ended.</summary>
    /// <param name="count">How many runs. The work shares out among them what there is to do: a run that comes late finds nothing left.</param>
    /// <param name="work">Throws by its task only.</param>
    public Task RunAsync(int count, Func<Task> work)
    {
        if (Systematic.Enabled)
        {
            return Task.WhenAll(Enumerable.Range(0, count).Select(_ => Systematic.StartDetached(work)));
        }

        var jobs = Enumerable.Range(0, count).Select(_ => new Job(work)).ToArray();
        int starting;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            Array.ForEach(jobs, _jobs.Enqueue);
            starting = Math.Max(0, Math.Min(max, count) - _threads);
            _threads += starting;
            Monitor.PulseAll(_gate);
        }

        for (; starting > 0; starting--)
        {
            new Thread(Loop, StackBytes) { IsBackground = true, Name = "Resilience.Storage" }.UnsafeStart();
        }

        return Task.WhenAll(jobs.Select(static j => j.Ended));
    }

    /// <summary>What was handed in is still done.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _closed = true;
            Monitor.PulseAll(_gate);
        }
    }

    private void Loop()
    {
        while (Next() is { } job)
        {
            job.Run();
        }
    }

    private Job? Next()
    {
        lock (_gate)
        {
            while (_jobs.Count == 0 && !_closed)
            {
                Monitor.Wait(_gate);
            }

            return _jobs.TryDequeue(out var job) ? job : null;
        }
    }

    private sealed class Job(Func<Task> work)
    {
        private readonly TaskCompletionSource<Task> _started = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Ended => _started.Task.Unwrap();

        public void Run() => _started.SetResult(work());
    }
}
