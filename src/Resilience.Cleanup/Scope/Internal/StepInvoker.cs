namespace Resilience.Cleanup;

/// <summary>
/// How a kind of step is run. One stateless instance per kind, so that a registration allocates nothing of its own.
/// </summary>
internal abstract class StepInvoker
{
    /// <summary>Whether the step wants a token.</summary>
    public virtual bool TakesToken => false;

    /// <summary>Whether the step is the application's, and so is counted.</summary>
    public virtual bool IsCounted => true;

    /// <summary>Runs the step on this thread and counts its end. False when it has to be run by <see cref="RunAsync"/>; then nothing has happened.</summary>
    public abstract bool TryRun(in Step step, ref StepTally tally);

    /// <summary>Runs the step asynchronously. It may throw at once.</summary>
    public abstract ValueTask RunAsync(Step step, in StepCall call);
}

/// <summary>What an asynchronous step is run with.</summary>
internal readonly record struct StepCall(ScopeEnvironment Environment, CleanupReason Reason, StepToken? Token);

/// <summary>A kind of step that always runs on the thread that closes.</summary>
internal abstract class SynchronousInvoker : StepInvoker
{
    public sealed override bool TryRun(in Step step, ref StepTally tally)
    {
        try
        {
            Run(step.Target!, step.State);
            tally.Succeeded += IsCounted ? 1 : 0;
        }
        catch (Exception exception)
        {
            tally.Fail(step, exception);
        }

        return true;
    }

    public sealed override ValueTask RunAsync(Step step, in StepCall call)
    {
        Run(step.Target!, step.State);
        return ValueTask.CompletedTask;
    }

    protected abstract void Run(object target, object? state);
}

/// <summary>A kind of step that is always run asynchronously.</summary>
internal abstract class AsynchronousInvoker : StepInvoker
{
    public sealed override bool TryRun(in Step step, ref StepTally tally) => false;
}

internal sealed class DisposableInvoker : SynchronousInvoker
{
    public static readonly DisposableInvoker Instance = new();

    protected override void Run(object target, object? state) => ((IDisposable)target).Dispose();
}

internal sealed class AsyncDisposableInvoker : AsynchronousInvoker
{
    public static readonly AsyncDisposableInvoker Instance = new();

    public override ValueTask RunAsync(Step step, in StepCall call) => ((IAsyncDisposable)step.Target!).DisposeAsync();
}

internal sealed class ActionInvoker<TState> : SynchronousInvoker
{
    public static readonly ActionInvoker<TState> Instance = new();

    protected override void Run(object target, object? state) => ((Action<TState>)target)((TState)state!);
}

internal sealed class FuncInvoker<TState> : AsynchronousInvoker
{
    public static readonly FuncInvoker<TState> Instance = new();

    public override bool TakesToken => true;

    public override ValueTask RunAsync(Step step, in StepCall call) =>
        ((Func<TState, CleanupContext, ValueTask>)step.Target!)((TState)step.State!, new CleanupContext(call.Reason, call.Token!));
}

/// <summary>Takes the registration of a <c>CloseWhen</c> back.</summary>
internal sealed class CloseTriggerInvoker : SynchronousInvoker
{
    public static readonly CloseTriggerInvoker Instance = new();

    public override bool IsCounted => false;

    protected override void Run(object target, object? state) => ((CloseTrigger)target).TakeBack();
}
