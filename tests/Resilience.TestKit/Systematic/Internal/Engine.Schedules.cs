using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Resilience.TestKit.Systematic.Internal;

/// <summary>The life of one schedule, the series of seeds, and what watches over them.</summary>
internal sealed partial class Engine
{
    private static readonly TimeSpan Glance = TimeSpan.FromSeconds(1);

    private readonly ManualResetEventSlim _done = new();
    private readonly HashSet<ulong> _hashes = [];
    private long _seed;
    private int _index = -1;
    private int _failures;
    private long _steps;
    private int _expectedSteps;
    private ScheduleFailure? _first;

    /// <summary>Whether the workers are to end when they are woken.</summary>
    public bool Stopped { get; private set; }

    /// <summary>Runs the whole series on the explorer's own threads; the calling thread only watches.</summary>
    public Exploration Run()
    {
        var started = TimeProvider.System.GetTimestamp();
        IdleWorker().Wake();
        var hung = WatchUntilDone();
        if (!hung)
        {
            Stopped = true;
            foreach (var worker in _idle)
            {
                worker.Wake();
            }
        }

        return new Exploration(strategy, Math.Max(0, _index), _hashes.Count, _steps, _failures, _first, TimeProvider.System.GetElapsedTime(started));
    }

    private bool BeginNextSchedule()
    {
        // The first pass is always the schedule with the first seed and an assumed length: it measures how long a schedule is,
        // which PCT needs to spread its change points. Its outcome is not counted.
        if (_index >= explorer.Schedules || (_first is not null && !explorer.CountFailures))
        {
            return false;
        }

        _seed = explorer.FirstSeed + Math.Max(0, _index);
        _epoch++;
        _step = 0;
        _sequence = 0;
        _ended = false;
        _ready.Clear();
        _tasks.Clear();
        _trace.Clear();
        Failure = null;
        Faults = null;
        _time = new ScheduleTime(this);
        var mixed = new SplitMix((ulong)(_index < 0 ? 0 : _seed));
        _chooser.Begin(mixed.Next(), _index < 0 ? 50 : _expectedSteps);
        _timeChoices = new SplitMix(mixed.Next());
        var schedule = new Schedule(this, mixed.Next());
        _main = CreateTask("main");
        _main.Body = Schedule.StartBody(_main, () => test(schedule));
        return true;
    }

    private void FinishSchedule(Worker worker)
    {
        Judge();
        _abandoning = true;
        _finisher = worker;
        _pointsAfterTheEnd = 0;
        foreach (var strand in _ready)
        {
            if (strand.Parked is { } parked)
            {
                parked.Wake();
                worker.Park();
            }
        }

        _abandoning = false;
        if (_index < 0)
        {
            _expectedSteps = _step;
        }
        else
        {
            _steps += _step;
            _hashes.Add(_trace.Hash);
            if (Failure is not null)
            {
                _failures++;
                _first ??= Failure;
            }
        }

        _index++;
    }

    private void Judge()
    {
        if (_main!.Body!.IsCanceled)
        {
            Fail(ScheduleFailureKind.Exception, "The test was cancelled.");
        }

        foreach (var task in _tasks)
        {
            if (Failure is null && task.Body is { IsFaulted: true } body)
            {
                // Each failure is looked at even if the test did not await the task: a background loop must not die unseen.
                _ended = true;
                var exception = body.Exception!.InnerException!;
                Failure = new ScheduleFailure(
                    strategy, _seed, ScheduleFailureKind.Exception, $"'{task.Name}' failed: {exception.Message}", exception, _step, _trace.Hash, _trace.Format());
            }
        }
    }

    private void TakeForeign()
    {
        while (_foreign.TryDequeue(out var strand))
        {
            if (strand.Task.Epoch != _epoch || _ended)
            {
                continue;
            }

            if (explorer.AllowEscapes)
            {
                _ready.Add(strand with { Sequence = _sequence++ });
            }
            else
            {
                Fail(
                    ScheduleFailureKind.Escape,
                    $"A continuation of '{strand.Task.Name}' came from outside the explorer: Task.Run, a real timer, an await without the library's ConfigureAwait, " +
                    "or WhenAll/WaitAsync over a source made with RunContinuationsAsynchronously.");
            }
        }
    }

    private void WaitForForeign()
    {
        _foreignArrived.Reset();
        if (_foreign.IsEmpty)
        {
            _foreignArrived.Wait(explorer.EscapeGrace);
        }

        TakeForeign();
    }

    private void EndInDeadlock()
    {
        // Before this is called a deadlock, a continuation that escaped gets the time to come back and be named.
        WaitForForeign();
        if (!_ended && _ready.Count == 0)
        {
            var text = new StringBuilder("Nothing can run and no timer is pending. Waiting: ");
            text.AppendJoin(", ", _tasks.Where(static t => t.Body is { IsCompleted: false }).Select(static t => $"'{t.Name}' (last at '{t.LastPoint}')"));
            Fail(ScheduleFailureKind.Deadlock, text.ToString());
        }
    }

    [SuppressMessage("Reliability", "CA1508", Justification = "The fields are written by other threads.")]
    private bool WatchUntilDone()
    {
        var quiet = TimeSpan.Zero;
        var seen = (Index: -1, Step: -1);
        while (!_done.Wait(Glance))
        {
            var now = (Volatile.Read(ref _index), Volatile.Read(ref _step));
            quiet = now == seen ? quiet + Glance : TimeSpan.Zero;
            seen = now;
            if (quiet >= explorer.BlockedAfter)
            {
                _failures++;
                _first = new ScheduleFailure(
                    strategy, _seed, ScheduleFailureKind.Blocked,
                    $"A step has held its thread for {explorer.BlockedAfter}: an interleaving point under a lock, or a call that waits synchronously.",
                    null, _step, _trace.Hash, _trace.Format());
                return true;
            }
        }

        return false;
    }
}
