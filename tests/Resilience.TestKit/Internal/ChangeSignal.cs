namespace Resilience.TestKit.Internal;

/// <summary>
/// Lets any number of waiters ask a condition again after every change. A change that comes between the question and the wait is not missed: the waiter takes the
/// signal first. Thread-safe.
/// </summary>
internal sealed class ChangeSignal
{
    private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Tells the waiters; call it after the change is visible.</summary>
    public void Pulse() => Interlocked.Exchange(ref _next, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();

    /// <summary>Waits for the condition; the bound is one for the whole wait, however many changes come.</summary>
    public async Task UntilAsync(Func<bool> condition, string what, Func<string> seen)
    {
        using var stop = new CancellationTokenSource();
        try
        {
            await LoopAsync(condition, stop.Token).Within(what: what, file: "").ConfigureAwait(false);
        }
        catch (WatchdogException e)
        {
            throw new WatchdogException($"{e.Message}. Last seen:{Environment.NewLine}{seen()}", e);
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
        }
    }

    private async Task LoopAsync(Func<bool> condition, CancellationToken cancellationToken)
    {
        while (true)
        {
            var next = Volatile.Read(ref _next).Task;
            if (condition())
            {
                return;
            }

            await next.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }
}
