namespace Resilience.Shared;

/// <summary>
/// The switch for tests. It is off unless the AppContext switch <c>Resilience.Systematic</c> is set before the package is first used; the fields are
/// <c>static readonly</c>, so that the JIT removes what stands behind them. Tests therefore run the very binaries that are packed.
/// </summary>
internal static class Systematic
{
    /// <summary>Whether interleaving points and invariant asserts are on.</summary>
    internal static readonly bool Enabled = AppContext.TryGetSwitch("Resilience.Systematic", out var enabled) && enabled;

    /// <summary>
    /// The argument of every <c>ConfigureAwait</c> in the packages: <see langword="false"/>, but <see langword="true"/> under the schedule explorer,
    /// which is a synchronization context and must see each continuation.
    /// </summary>
    internal static readonly bool KeepContext = Enabled;

    private static readonly Action<string>? Hook = Enabled ? AppContext.GetData("Resilience.Systematic.Interleave") as Action<string> : null;

    private static readonly Func<Func<Task>, Task>? Starter =
        Enabled ? AppContext.GetData("Resilience.Systematic.Start") as Func<Func<Task>, Task> : null;

    /// <summary>Marks a place where another thread may run between two steps. Never call it while holding a lock.</summary>
    internal static void Interleave(string point)
    {
        if (Enabled)
        {
            Hook?.Invoke(point);
        }
    }

    /// <summary>
    /// Starts background work on the thread pool, or as a task of the schedule explorer. The one way in which a package starts a loop: what goes to
    /// <see cref="Task.Run(Func{Task})"/> directly leaves the explorer.
    /// </summary>
    internal static Task Start(Func<Task> work) => Starter is null ? Task.Run(work) : Starter(work);

    /// <summary>Starts work that outlives its caller or serves others too: nothing of the caller's context (activity, scopes, tenant) goes with it.</summary>
    internal static Task StartDetached(Func<Task> work)
    {
        if (ExecutionContext.IsFlowSuppressed())
        {
            return Start(work);
        }

        using (ExecutionContext.SuppressFlow())
        {
            return Start(work);
        }
    }

    /// <summary>Queues a work item, which must not throw, on the thread pool, or as a task of the schedule explorer.</summary>
    internal static void Queue(IThreadPoolWorkItem item)
    {
        if (Starter is null)
        {
            ThreadPool.UnsafeQueueUserWorkItem(item, preferLocal: false);
        }
        else
        {
            StartItem(item);
        }
    }

    /// <summary>Throws when an invariant does not hold; does nothing unless the switch is on. Keep <paramref name="holds"/> cheap: it is evaluated by the caller.</summary>
    internal static void Assert(bool holds, string invariant)
    {
        if (Enabled && !holds)
        {
            throw new InvalidOperationException($"Invariant violated: {invariant}");
        }
    }

    // Apart, so that the closure costs nothing when the switch is off.
    private static void StartItem(IThreadPoolWorkItem item) => Starter!(() =>
    {
        item.Execute();
        return Task.CompletedTask;
    });
}
