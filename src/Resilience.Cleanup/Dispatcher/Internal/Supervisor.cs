using Resilience.Shared;

namespace Resilience.Cleanup;

/// <summary>
/// Keeps the workers at their number: starts a crashed one again, replaces one that is stuck in a step, gives what they had claimed to the others,
/// and watches the age of the queue. The lock guards the list of workers; nothing is called while it is held.
/// </summary>
internal sealed class Supervisor
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan HealthyAfter = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private readonly List<CleanupWorker> _workers = [];
    private readonly CleanupDispatcher _dispatcher;
    private readonly Breaker _breaker;
    private readonly DispatcherTelemetry _telemetry;
    private readonly TimeProvider _time;
    private ITimer? _timer;
    private int _stuck;
    private long _restarts;
    private bool _stopped;

    public Supervisor(CleanupDispatcher dispatcher, Breaker breaker, DispatcherTelemetry telemetry, TimeProvider time)
    {
        _dispatcher = dispatcher;
        _breaker = breaker;
        _telemetry = telemetry;
        _time = time;
    }

    public int Workers
    {
        get
        {
            lock (_lock)
            {
                return _workers.Count;
            }
        }
    }

    public int Stuck => Volatile.Read(ref _stuck);

    public long Restarts => Interlocked.Read(ref _restarts);

    public void Start(int workers)
    {
        for (var i = 0; i < workers; i++)
        {
            StartWorker(generation: 0);
        }

        lock (_lock)
        {
            if (!_stopped)
            {
                _timer = _time.CreateTimer(static state => ((Supervisor)state!).Look(), this, Tick, Tick);
            }
        }
    }

    public void Stop()
    {
        ITimer? timer;
        CleanupWorker[] workers;
        lock (_lock)
        {
            _stopped = true;
            timer = _timer;
            workers = [.. _workers];
        }

        timer?.Dispose();
        foreach (var worker in workers)
        {
            worker.Retire();
            Recover(worker);
        }
    }

    private void StartWorker(int generation)
    {
        var worker = new CleanupWorker(_dispatcher, _dispatcher.Options.BatchSize, generation);
        lock (_lock)
        {
            _workers.Add(worker);
        }

        _ = Systematic.StartDetached(() => RunAsync(worker));
    }

    private async Task RunAsync(CleanupWorker worker)
    {
        var started = _time.GetTimestamp();
        Exception? fault = null;
        try
        {
            await worker.RunAsync().ConfigureAwait(Systematic.KeepContext);
        }
        catch (Exception exception)
        {
            fault = exception;
        }

        bool wasRetired;
        lock (_lock)
        {
            wasRetired = !_workers.Remove(worker);
        }

        Recover(worker);
        if (wasRetired)
        {
            if (Interlocked.Decrement(ref _stuck) == 0)
            {
                _telemetry.StuckCleared();
            }
        }
        else if (fault is not null)
        {
            await RestartAsync(worker, fault, _time.GetElapsedTime(started)).ConfigureAwait(Systematic.KeepContext);
        }
    }

    private async Task RestartAsync(CleanupWorker crashed, Exception fault, TimeSpan lived)
    {
        Interlocked.Increment(ref _restarts);
        var generation = lived >= HealthyAfter ? 0 : crashed.Generation + 1;
        _telemetry.WorkerCrashed(fault, generation);
        if (generation > 1)
        {
            await Task.Delay(Backoff.After(generation - 2, FirstPause, LongestPause), _time).ConfigureAwait(Systematic.KeepContext);
        }

        lock (_lock)
        {
            if (_stopped)
            {
                return;
            }
        }

        StartWorker(generation);
    }

    /// <summary>Gives what a worker had claimed and not begun to the others.</summary>
    private void Recover(CleanupWorker worker)
    {
        for (var i = 0; i < worker.Claim.Size; i++)
        {
            if (worker.Claim.Take(i) is { } entry)
            {
                _dispatcher.PutBack(entry);
            }
        }
    }

    private void Look()
    {
        CleanupWorker[] workers;
        lock (_lock)
        {
            workers = [.. _workers];
        }

        var now = _time.GetTimestamp();
        foreach (var worker in workers)
        {
            if (IsStuck(worker, now))
            {
                Replace(worker);
            }
        }

        var age = _dispatcher.OldestAge();
        if (_telemetry.Backlog(age) && _breaker.Backlogged())
        {
            _telemetry.BreakerOpened("the oldest scope has waited too long", age);
        }

        if (_dispatcher.Queue.Pending == 0 && _breaker.Idle())
        {
            _telemetry.BreakerClosed();
        }

        _dispatcher.Queue.Nudge();
    }

    private bool IsStuck(CleanupWorker worker, long now)
    {
        var progress = worker.Progress;
        if (!worker.IsBusy || worker.Seen.Progress != progress)
        {
            worker.Seen = (progress, now);
            return false;
        }

        return _time.GetElapsedTime(worker.Seen.Since, now) >= _dispatcher.Options.StuckAfter;
    }

    private void Replace(CleanupWorker worker)
    {
        if (Stuck >= _dispatcher.Options.MaxSubstitutes)
        {
            return;
        }

        lock (_lock)
        {
            if (_stopped || !_workers.Remove(worker))
            {
                return;
            }
        }

        Interlocked.Increment(ref _stuck);
        worker.Retire();
        Recover(worker);
        _telemetry.WorkerStuck(_dispatcher.Options.StuckAfter);
        StartWorker(generation: 0);
    }
}
