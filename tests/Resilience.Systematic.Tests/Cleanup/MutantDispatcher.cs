using Resilience.TestKit.Systematic;

namespace Resilience.Systematic.Tests.Cleanup;

/// <summary>The faults that are planted into the copy of the dispatcher's protocol.</summary>
internal enum DispatcherMutant
{
    /// <summary>The copy is right.</summary>
    None,

    /// <summary>A full queue is served on the caller and counted as a success, so the breaker never hears of it.</summary>
    BreakerBlindToFullQueue,

    /// <summary>What a worker had claimed dies with it.</summary>
    ClaimNotRecovered,

    /// <summary>A worker that dies takes the wake-up with it that it was given.</summary>
    WakeUpLostWithWorker,
}

/// <summary>
/// A copy of the dispatcher's protocol in its smallest form (bounded queue, claim, restart, breaker), into which faults are planted. Steps are plain actions.
/// </summary>
internal sealed class MutantDispatcher(Schedule schedule, DispatcherMutant mutant, int capacity)
{
    private const int Threshold = 3;

    private readonly Queue<Action> _queue = new();
    private readonly List<TaskCompletionSource> _sleepers = [];
    private int _pending;
    private int _refused;

    public bool IsOpen { get; private set; }

    public int Pending => _pending;

    public void Start() => _ = schedule.Run("worker", SuperviseAsync);

    public void Post(Action step)
    {
        Schedule.Point("post");
        if (IsOpen)
        {
            step();
            return;
        }

        if (_pending >= capacity)
        {
            _refused = mutant == DispatcherMutant.BreakerBlindToFullQueue ? 0 : _refused + 1;
            IsOpen = _refused >= Threshold;
            step();
            return;
        }

        _refused = 0;
        _pending++;
        _queue.Enqueue(step);
        Wake();
    }

    private void Wake()
    {
        if (_queue.Count > 0 && _sleepers.Count > 0)
        {
            var sleeper = _sleepers[0];
            _sleepers.RemoveAt(0);
            sleeper.TrySetResult();
        }
    }

    private async Task SuperviseAsync()
    {
        while (true)
        {
            Action? claim = null;
            TaskCompletionSource? sleep = null;
            try
            {
                while (true)
                {
                    if (!_queue.TryDequeue(out claim))
                    {
                        sleep = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                        _sleepers.Add(sleep);
                        Schedule.Point("worker: before the sleep");
                        await sleep.Task;
                        sleep = null;
                        continue;
                    }

                    Schedule.Point("worker: claimed");
                    var step = claim;
                    claim = null;
                    step();
                    _pending--;
                    Schedule.Point("worker: done");
                }
            }
            catch (InvalidOperationException)
            {
                if (claim is not null && mutant != DispatcherMutant.ClaimNotRecovered)
                {
                    _queue.Enqueue(claim);
                }

                if (sleep is not null && mutant == DispatcherMutant.WakeUpLostWithWorker)
                {
                    // The restarted worker sleeps at once, and the next post wakes the dead one.
                    var again = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                    _sleepers.Add(again);
                    await again.Task;
                }
                else if (sleep is not null)
                {
                    _sleepers.Remove(sleep);
                }
            }
        }
    }
}
