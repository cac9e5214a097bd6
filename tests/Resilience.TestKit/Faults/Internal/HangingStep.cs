namespace Resilience.TestKit.Faults.Internal;

/// <summary>A step that waits to be released.</summary>
internal sealed class HangingStep(string point)
{
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Point { get; } = point;

    public Task Released => _released.Task;

    public void Release() => _released.TrySetResult();
}
