namespace Resilience.Cleanup;

/// <summary>
/// How a kind of step is run. One stateless instance per kind, so that a registration allocates nothing of its own.
/// </summary>
internal abstract class StepInvoker
{
    /// <summary>Whether <see cref="RunAsync"/> is to be called, and not <see cref="Run"/>.</summary>
    public abstract bool IsAsync { get; }

    /// <summary>Whether the step wants a token.</summary>
    public virtual bool TakesToken => false;

    /// <summary>Whether the step is the application's, and so is counted.</summary>
    public virtual bool IsCounted => true;

    public virtual void Run(object target, object? state) =>
        throw new NotSupportedException("This kind of step is asynchronous.");

    public virtual ValueTask RunAsync(object target, object? state, CleanupReason reason, StepToken? token) =>
        throw new NotSupportedException("This kind of step is synchronous.");
}

internal sealed class DisposableInvoker : StepInvoker
{
    public static readonly DisposableInvoker Instance = new();

    public override bool IsAsync => false;

    public override void Run(object target, object? state) => ((IDisposable)target).Dispose();
}

internal sealed class AsyncDisposableInvoker : StepInvoker
{
    public static readonly AsyncDisposableInvoker Instance = new();

    public override bool IsAsync => true;

    public override ValueTask RunAsync(object target, object? state, CleanupReason reason, StepToken? token) => ((IAsyncDisposable)target).DisposeAsync();
}

internal sealed class ActionInvoker<TState> : StepInvoker
{
    public static readonly ActionInvoker<TState> Instance = new();

    public override bool IsAsync => false;

    public override void Run(object target, object? state) => ((Action<TState>)target)((TState)state!);
}

internal sealed class FuncInvoker<TState> : StepInvoker
{
    public static readonly FuncInvoker<TState> Instance = new();

    public override bool IsAsync => true;

    public override bool TakesToken => true;

    public override ValueTask RunAsync(object target, object? state, CleanupReason reason, StepToken? token) =>
        ((Func<TState, CleanupContext, ValueTask>)target)((TState)state!, new CleanupContext(reason, token!));
}

/// <summary>Takes the registration of a <c>CloseWhen</c> back.</summary>
internal sealed class CloseTriggerInvoker : StepInvoker
{
    public static readonly CloseTriggerInvoker Instance = new();

    public override bool IsAsync => false;

    public override bool IsCounted => false;

    public override void Run(object target, object? state) => ((CloseTrigger)target).TakeBack();
}
