using Resilience.Shared;

namespace Resilience.Cleanup;

/// <summary>
/// Closes a scope when a token is cancelled. The registration and its taking back may race: whoever comes second unregisters. It is never disposed,
/// because disposing waits for a callback that is running, and that one may be waiting for us.
/// </summary>
internal sealed class CloseTrigger(ScopeCore scope, CleanupReason reason) : IThreadPoolWorkItem
{
    private const int Registered = 1;
    private const int TakenBack = 2;

    private ScopeCore? _scope = scope;
    private CancellationTokenRegistration _registration;
    private int _state;

    public void Register(CancellationToken token)
    {
        _registration = token.UnsafeRegister(static state => ((CloseTrigger)state!).Fire(), this);
        Systematic.Interleave("close trigger registered");
        if (Interlocked.CompareExchange(ref _state, Registered, 0) == TakenBack)
        {
            _registration.Unregister();
        }
    }

    public void TakeBack()
    {
        Volatile.Write(ref _scope, null);
        if (Interlocked.Exchange(ref _state, TakenBack) == Registered)
        {
            _registration.Unregister();
        }
    }

    void IThreadPoolWorkItem.Execute() => _ = CloseAsync();

    private void Fire()
    {
        // Steps must not run on the thread that cancels: it may hold locks, and it has other callbacks to run.
        if (Systematic.Enabled)
        {
            _ = Systematic.Start(CloseAsync);
        }
        else
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    private Task CloseAsync() => Volatile.Read(ref _scope)?.CloseAsync(reason).AsTask() ?? Task.CompletedTask;
}
