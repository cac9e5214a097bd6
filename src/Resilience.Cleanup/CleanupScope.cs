using System.Runtime.CompilerServices;

namespace Resilience.Cleanup;

/// <summary>
/// Owns the resources of one connection, request or job, and frees them exactly once, whoever closes it and however often: newest first, each step guarded from the
/// failures of the others, within a deadline, with one report for every caller. See <see href="https://github.com/resilience-net/resilience/blob/main/docs/cleanup.md">the package's page</see>.
/// </summary>
/// <remarks>
/// Thread-safe: every member may be called from any thread at any time, from inside a step too. A lock guards the list of steps; nobody's code is called while it is held.
/// Afterwards nothing is referenced: neither the resources nor the tokens hold on to each other.
/// A step that blocks its thread cannot be given up; a dispatcher replaces the worker that it blocks.
/// </remarks>
public sealed class CleanupScope : IAsyncDisposable
{
    private ScopeCore? _core;

    /// <summary>Makes a scope with the default limits, the system's clock and neither metrics nor logs. Prefer <see cref="CleanupScopeFactory"/>.</summary>
    public CleanupScope()
        : this(new ScopeCore(ScopeEnvironment.Default))
    {
    }

    internal CleanupScope(ScopeCore core) => _core = core;

    /// <summary>Where the scope is in its life; <see cref="CleanupState.Closed"/> after <see cref="Move"/>.</summary>
    public CleanupState State => Volatile.Read(ref _core)?.State ?? CleanupState.Closed;

    /// <summary>Cancelled first of all when closing begins. Made when it is first asked for.</summary>
    /// <remarks>What is registered with this token runs on the thread that closes; it should only set flags and wake others.</remarks>
    public CancellationToken Closing => Volatile.Read(ref _core)?.Closing ?? new CancellationToken(canceled: true);

    /// <summary>Ends, successfully always, with the report when everything is over. Made when it is first asked for.</summary>
    public Task<CleanupReport> Completion => Volatile.Read(ref _core)?.Completion ?? Task.FromResult(ScopeCore.Nothing);

    /// <summary>Hands a resource over. After closing has begun it is disposed at once, and the disposal is not waited for.</summary>
    /// <param name="resource">The resource; asynchronous disposal is preferred where it has both.</param>
    /// <param name="name">A name for reports and logs; the type's name by default.</param>
    /// <exception cref="ArgumentNullException"><paramref name="resource"/> is null.</exception>
    /// <exception cref="InvalidOperationException">The content of this scope was moved; the caller keeps the resource.</exception>
    [OverloadResolutionPriority(1)]
    public CleanupHandle Use(IAsyncDisposable resource, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(resource);
        return Core().Add(AsyncDisposableInvoker.Instance, resource, null, name);
    }

    /// <summary>Hands a resource over. After closing has begun it is disposed at once, on the calling thread.</summary>
    /// <param name="resource">The resource.</param>
    /// <param name="name">A name for reports and logs; the type's name by default.</param>
    /// <exception cref="ArgumentNullException"><paramref name="resource"/> is null.</exception>
    /// <exception cref="InvalidOperationException">The content of this scope was moved; the caller keeps the resource.</exception>
    public CleanupHandle Use(IDisposable resource, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(resource);
        return Core().Add(DisposableInvoker.Instance, resource, null, name);
    }

    /// <summary>Registers a synchronous step. After closing has begun it runs at once, on the calling thread.</summary>
    /// <param name="state">Passed to the step, so that the step need not capture.</param>
    /// <param name="step">The step; it should be short, because it cannot be given up.</param>
    /// <param name="name">A name for reports and logs; the method's name by default.</param>
    /// <typeparam name="TState">The type of the state; a value type is boxed.</typeparam>
    /// <exception cref="ArgumentNullException"><paramref name="step"/> is null.</exception>
    /// <exception cref="InvalidOperationException">The content of this scope was moved.</exception>
    public CleanupHandle Defer<TState>(TState state, Action<TState> step, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(step);
        return Core().Add(ActionInvoker<TState>.Instance, step, state, name);
    }

    /// <summary>Registers an asynchronous step. After closing has begun it is started at once, and not waited for.</summary>
    /// <param name="state">Passed to the step, so that the step need not capture.</param>
    /// <param name="step">The step. It has <see cref="CleanupScopeOptions.StepTimeout"/>; then its token is cancelled and the next step starts.</param>
    /// <param name="name">A name for reports and logs; the method's name by default.</param>
    /// <typeparam name="TState">The type of the state; a value type is boxed.</typeparam>
    /// <exception cref="ArgumentNullException"><paramref name="step"/> is null.</exception>
    /// <exception cref="InvalidOperationException">The content of this scope was moved.</exception>
    public CleanupHandle Defer<TState>(TState state, Func<TState, CleanupContext, ValueTask> step, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(step);
        return Core().Add(FuncInvoker<TState>.Instance, step, state, name);
    }

    /// <summary>
    /// Registers the removal of a member from an index. A dispatcher removes the members of many scopes at once, under one lock per key, before it runs their other steps;
    /// a scope that is closed without a dispatcher removes its own in its turn.
    /// </summary>
    /// <param name="index">The index.</param>
    /// <param name="key">The key that the member stands under.</param>
    /// <param name="member">The member.</param>
    /// <param name="name">A name for reports and logs.</param>
    /// <typeparam name="TKey">The key's type.</typeparam>
    /// <typeparam name="TMember">The member's type.</typeparam>
    /// <returns>A handle: release it when the member was removed otherwise.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="index"/> or <paramref name="key"/> is null.</exception>
    /// <exception cref="InvalidOperationException">The content of this scope was moved.</exception>
    public CleanupHandle RemoveFrom<TKey, TMember>(IBatchCleanup<TKey, TMember> index, TKey key, TMember member, string? name = null)
        where TKey : notnull
    {
        ArgumentNullException.ThrowIfNull(index);
        ArgumentNullException.ThrowIfNull(key);
        return Core().Add(MembershipInvoker.Instance, new Membership<TKey, TMember>(index, key, member), null, name);
    }

    /// <summary>
    /// Closes the scope when the token is cancelled: on the thread pool, never on the thread that cancels. The registration is taken back when the scope closes,
    /// so a token that outlives the scope does not hold on to it.
    /// </summary>
    /// <param name="token">The token.</param>
    /// <param name="reason">The reason for the report.</param>
    /// <returns>A handle; releasing it or running it now takes the registration back. It is no step and is not counted.</returns>
    /// <exception cref="InvalidOperationException">The content of this scope was moved.</exception>
    public CleanupHandle CloseWhen(CancellationToken token, CleanupReason reason = CleanupReason.Unspecified) => Core().CloseWhen(reason, token);

    /// <summary>
    /// Hands everything registered here to a new scope: for code that collects resources while it builds something and gives them away when it succeeded.
    /// Handles, tokens and <see cref="Completion"/> given out before follow to the new scope. Closing this one afterwards does nothing.
    /// </summary>
    /// <exception cref="InvalidOperationException">The content was moved before.</exception>
    public CleanupScope Move() => new(Interlocked.Exchange(ref _core, null) ?? throw Moved());

    /// <summary>
    /// Closes the scope. The first caller of all runs the steps, newest first, one at a time; the others wait for it and get the same report.
    /// Never throws; a call from inside one of the steps returns at once with <see cref="CleanupReport.IsCompleted"/> false.
    /// </summary>
    /// <param name="reason">The reason; that of the caller that decided to close is kept.</param>
    /// <remarks>Ends at the latest <see cref="CleanupScopeOptions.Deadline"/> after it began, unless a step blocks its thread.</remarks>
    public ValueTask<CleanupReport> CleanupAsync(CleanupReason reason = CleanupReason.Unspecified) =>
        Volatile.Read(ref _core) is { } core ? core.CloseAsync(reason) : new ValueTask<CleanupReport>(ScopeCore.Nothing);

    /// <summary>The same as <see cref="CleanupAsync"/> without a reason. Does not throw; failures are in the report of <see cref="Completion"/>.</summary>
    public ValueTask DisposeAsync()
    {
        var closing = CleanupAsync();
        if (closing.IsCompletedSuccessfully)
        {
            _ = closing.Result;
            return ValueTask.CompletedTask;
        }

        return new ValueTask(closing.AsTask());
    }

    /// <summary>The content, for the dispatcher: <see langword="null"/> after <see cref="Move"/>.</summary>
    internal ScopeCore? TryGetCore() => Volatile.Read(ref _core);

    private static InvalidOperationException Moved() =>
        new("The content of this scope was moved. Register with the scope that Move returned.");

    private ScopeCore Core() => Volatile.Read(ref _core) ?? throw Moved();
}
