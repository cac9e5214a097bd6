using Resilience.Shared;

namespace Resilience.Cleanup;

/// <summary>Running one step: in its turn, early, or late.</summary>
internal sealed partial class ScopeCore
{
    /// <summary>Runs a step by its handle.</summary>
    public async ValueTask<bool> RunNowAsync(long id)
    {
        if (!TryTake(id, run: true, out var step))
        {
            return false;
        }

        var frame = ScopeFrame.Enter(this);
        var tally = default(StepTally);
        Systematic.Interleave("scope: before an early step");
        if (!step.Invoker!.TryRun(step, ref tally))
        {
            var result = await RunStepAsync(step, CleanupReason.Unspecified, environment.StepTimeout).ConfigureAwait(Systematic.KeepContext);
            result.AddTo(ref tally, step, environment.StepTimeout);
        }

        frame.Leave();
        AddBeside(tally);
        TaskCompletionSource? drained;
        lock (this)
        {
            drained = --_early == 0 ? _earlyDrained : null;
        }

        drained?.TrySetResult();
        return true;
    }

    private void RunLate(in Step step)
    {
        Systematic.Interleave("scope: before a late step");
        var tally = new StepTally { Late = step.Invoker!.IsCounted ? 1 : 0 };
        if (step.Invoker.TryRun(step, ref tally))
        {
            AddBeside(tally);
        }
        else
        {
            _ = RunLateAsync(step);
        }
    }

    private async Task RunLateAsync(Step step)
    {
        var tally = new StepTally { Late = 1 };
        var result = await RunStepAsync(step, Reason, environment.StepTimeout).ConfigureAwait(Systematic.KeepContext);
        result.AddTo(ref tally, step, environment.StepTimeout);
        AddBeside(tally);
    }

    private void AddBeside(in StepTally tally)
    {
        lock (this)
        {
            if (Phase != Closed)
            {
                _beside.Add(tally);
                return;
            }
        }

        // The report is final: what comes after it is told by itself.
        environment.Metrics?.StepsEnded(tally);
        if (tally.Failures is not null)
        {
            CleanupLog.LateStepFailed(environment.Logger, tally.Failures[0].Step, tally.Failures[0].Exception);
        }
    }

    /// <summary>Runs an asynchronous step and waits for it, at most <paramref name="wait"/>. A timer is made only when it does not end synchronously.</summary>
    private async ValueTask<StepResult> RunStepAsync(Step step, CleanupReason reason, TimeSpan wait)
    {
        var token = step.Invoker!.TakesToken ? new StepToken(environment) : null;
        ValueTask running;
        try
        {
            running = step.Invoker.RunAsync(step, new StepCall(environment, reason, token));
            if (running.IsCompleted)
            {
                await running.ConfigureAwait(Systematic.KeepContext);
                token?.End();
                return StepResult.Succeeded;
            }
        }
        catch (Exception exception)
        {
            token?.End();
            return new StepResult(exception, TimedOut: false);
        }

        if (wait <= TimeSpan.Zero)
        {
            _ = ObserveAsync(running, step, token, new TaskCompletionSource<StepResult>(), givenUp: true);
            return StepResult.GivenUp;
        }

        // The next step must not run inside the code that completes this one.
        var race = new TaskCompletionSource<StepResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        _ = ObserveAsync(running, step, token, race, givenUp: false);
        using var timer = environment.Time.CreateTimer(
            static state => ((TaskCompletionSource<StepResult>)state!).TrySetResult(StepResult.GivenUp), race, wait, Timeout.InfiniteTimeSpan);
        return await race.Task.ConfigureAwait(Systematic.KeepContext);
    }

    /// <summary>Sees the end of a step, whether or not anybody still waits for it.</summary>
    private async Task ObserveAsync(ValueTask running, Step step, StepToken? token, TaskCompletionSource<StepResult> race, bool givenUp)
    {
        StepResult result;
        try
        {
            await running.ConfigureAwait(Systematic.KeepContext);
            result = StepResult.Succeeded;
        }
        catch (OperationCanceledException) when (token is { IsOver: true })
        {
            result = StepResult.GivenUp;
        }
        catch (Exception exception)
        {
            result = new StepResult(exception, TimedOut: false);
        }

        token?.End();
        if (givenUp || !race.TrySetResult(result))
        {
            environment.Metrics?.AbandonedStepEnded();
            CleanupLog.AbandonedStepEnded(environment.Logger, step.DisplayName, result.Exception);
        }
    }

    private async ValueTask WaitForEarlyAsync()
    {
        TaskCompletionSource drained;
        lock (this)
        {
            if (_early == 0)
            {
                return;
            }

            _earlyDrained = drained = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        using var timer = environment.Time.CreateTimer(
            static state => ((TaskCompletionSource)state!).TrySetResult(), drained, environment.Deadline, Timeout.InfiniteTimeSpan);
        await drained.Task.ConfigureAwait(Systematic.KeepContext);
    }
}
