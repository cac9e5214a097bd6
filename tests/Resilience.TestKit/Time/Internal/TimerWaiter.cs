namespace Resilience.TestKit.Time.Internal;

/// <summary>Someone who waits for the set of timers to reach a state. Used under the clock's lock; its continuations run elsewhere.</summary>
internal sealed class TimerWaiter(Func<bool> holds)
{
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Task => _reached.Task;

    public void Check()
    {
        if (holds())
        {
            _reached.TrySetResult();
        }
    }
}
