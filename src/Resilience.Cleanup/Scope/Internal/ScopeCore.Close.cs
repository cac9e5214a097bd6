using Resilience.Shared;

namespace Resilience.Cleanup;

/// <summary>Deciding to close, running the steps, and the report.</summary>
internal sealed partial class ScopeCore
{
    /// <summary>Decides to close and runs the steps, unless somebody else does.</summary>
    public ValueTask<CleanupReport> CloseAsync(CleanupReason reason)
    {
        Systematic.Interleave("scope: before closing");
        return TryLeaveOpen(Running, reason, out var source) ? Run(source, environment.Time.GetTimestamp()) : RunBegunAsync();
    }

    /// <summary>
    /// Decides to close, and leaves the steps to whoever calls <see cref="RunBegunAsync"/> first. The scope's token is cancelled here, because what hangs on it
    /// (routing, transports) must stop before a queue has its turn.
    /// </summary>
    /// <returns>False when it was decided before.</returns>
    public bool TryBegin(CleanupReason reason)
    {
        Systematic.Interleave("scope: before beginning");
        if (!TryLeaveOpen(Begun, reason, out var source))
        {
            return false;
        }

        if (source is not null)
        {
            var beside = default(StepTally);
            Cancel(source, ref beside);
            if (beside.Failures is not null)
            {
                AddBeside(beside);
            }
        }

        return true;
    }

    /// <summary>Runs the steps of a scope whose close was decided; waits when they are running, returns the report when they have ended.</summary>
    /// <param name="now">A timestamp of this moment by the scope's own clock, when the caller has one.</param>
    public ValueTask<CleanupReport> RunBegunAsync(long? now = null)
    {
        Systematic.Interleave("scope: before running");
        for (var state = Volatile.Read(ref _state); (state & PhaseMask) == Begun; state = Volatile.Read(ref _state))
        {
            Systematic.Interleave("scope: begun");
            if (Interlocked.CompareExchange(ref _state, (state & ~PhaseMask) | Running, state) == state)
            {
                return Run(source: null, now ?? environment.Time.GetTimestamp());
            }
        }

        return Join();
    }

    private bool TryLeaveOpen(int phase, CleanupReason reason, out CancellationTokenSource? source)
    {
        source = null;
        if (Phase != Open)
        {
            return false;
        }

        lock (this)
        {
            if (Phase != Open)
            {
                return false;
            }

            source = _closing;
            _closing = null;
            Volatile.Write(ref _state, _state | phase | ((int)reason << ReasonShift));
            return true;
        }
    }

    private ValueTask<CleanupReport> Run(CancellationTokenSource? source, long now)
    {
        _started = now;
        _runningThread = Environment.CurrentManagedThreadId;
        var tally = default(StepTally);
        Systematic.Interleave("scope: before the list is taken");

        // Nobody else touches the list from Running on, and steps that run early were begun before.
        var steps = _steps;
        var next = _count - 1;
        var early = Volatile.Read(ref _early) > 0;
        _steps = [];
        _count = 0;
        if (source is not null)
        {
            Cancel(source, ref tally);
        }

        if (early)
        {
            _runningThread = 0;
            var inside = ScopeFrame.IsInside(this);
            var closing = RunRestAsync(steps, next, tally, early);
            if (inside && !closing.IsCompleted)
            {
                // The caller is a step that was run early, and the close waits for it.
                _ = closing.AsTask();
                return new ValueTask<CleanupReport>(SoFar());
            }

            return closing;
        }

        next = RunUntilAsync(steps, next, ref tally);
        return next < 0 ? new ValueTask<CleanupReport>(Finish(tally)) : RunRestAsync(steps, next, tally, early);
    }

    /// <summary>Runs synchronous steps; returns the index of the first asynchronous one, or -1 at the end.</summary>
    private int RunUntilAsync(Step[] steps, int next, ref StepTally tally)
    {
        for (; next >= 0; next--)
        {
            ref var step = ref steps[next];
            if (step.IsEmpty)
            {
                continue;
            }

            Systematic.Interleave("scope: before a step");
            if (!step.Invoker!.TryRun(step, ref tally))
            {
                break;
            }

            step = default;
        }

        _runningThread = 0;
        return next;
    }

    private async ValueTask<CleanupReport> RunRestAsync(Step[] steps, int next, StepTally tally, bool early)
    {
        var frame = ScopeFrame.Enter(this);
        if (early)
        {
            await WaitForEarlyAsync().ConfigureAwait(Systematic.KeepContext);
        }

        for (; next >= 0; next--)
        {
            var step = steps[next];
            steps[next] = default;
            if (step.IsEmpty)
            {
                continue;
            }

            Systematic.Interleave("scope: before a step");
            _runningThread = Environment.CurrentManagedThreadId;
            var ran = step.Invoker!.TryRun(step, ref tally);
            _runningThread = 0;
            if (!ran)
            {
                var left = environment.Deadline - environment.Time.GetElapsedTime(_started);
                var wait = left < environment.StepTimeout ? left : environment.StepTimeout;
                var result = await RunStepAsync(step, Reason, wait).ConfigureAwait(Systematic.KeepContext);
                result.AddTo(ref tally, step, wait);
            }
        }

        frame.Leave();
        return Finish(tally);
    }

    private CleanupReport Finish(in StepTally own)
    {
        Systematic.Interleave("scope: before the end");
        Systematic.Assert(Phase == Running, "a scope ends once, and only after it ran");
        Systematic.Assert(_count == 0, "nothing is registered with a scope that closes");
        EndedAt = environment.Time.GetTimestamp();
        var duration = environment.Time.GetElapsedTime(_started, EndedAt);
        var tally = own;
        CleanupReport report;
        TaskCompletionSource<CleanupReport>? completion;
        lock (this)
        {
            tally.Add(_beside);
            _beside = tally;
            _started = duration.Ticks;
            report = Report();
            Volatile.Write(ref _state, (_state & ~PhaseMask) | Closed);
            completion = _completion;
        }

        Tell(report);
        completion?.TrySetResult(report);
        return report;
    }

    private ValueTask<CleanupReport> Join()
    {
        if (Phase == Closed)
        {
            lock (this)
            {
                return new ValueTask<CleanupReport>(Report());
            }
        }

        return _runningThread == Environment.CurrentManagedThreadId || ScopeFrame.IsInside(this)
            ? new ValueTask<CleanupReport>(SoFar())
            : new ValueTask<CleanupReport>(Completion);
    }

    /// <summary>The report of a closed scope; from its end on the tally is the whole and the start is the duration, so that an open scope keeps no room for it.</summary>
    private CleanupReport Report() => new(isCompleted: true, Reason, _beside, new TimeSpan(_started));

    private CleanupReport SoFar()
    {
        lock (this)
        {
            return new CleanupReport(isCompleted: false, Reason, _beside, TimeSpan.Zero);
        }
    }

    private static void Cancel(CancellationTokenSource source, ref StepTally tally)
    {
        try
        {
            source.Cancel();
        }
        catch (AggregateException exception)
        {
            tally.Fail(new Step(0, null, null, null, "Closing token"), exception);
        }
    }

    private void Tell(in CleanupReport report)
    {
        if (environment.Metrics is null && report.Failures.Count == 0 && report.Duration < environment.SlowAfter)
        {
            return;
        }

        try
        {
            environment.Metrics?.ScopeClosed(report);
            if (report.Failures.Count > 0)
            {
                CleanupLog.ScopeFailed(environment.Logger, report);
            }
            else if (report.Duration >= environment.SlowAfter)
            {
                CleanupLog.ScopeSlow(environment.Logger, report.Duration.TotalMilliseconds, report.Steps, report.Reason);
            }
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // A listener or a logger that throws must not keep the callers waiting.
        }
    }
}
