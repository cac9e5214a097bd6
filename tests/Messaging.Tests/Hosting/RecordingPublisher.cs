using System.Collections.Concurrent;
using Messaging.Realtime;

namespace Messaging.Tests;

/// <summary>Takes events instead of the streams, and fails or hangs when it is told to.</summary>
internal sealed class RecordingPublisher : IEventPublisher
{
    private readonly ConcurrentQueue<OutboxEvent> _events = new();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal Func<OutboxEvent, CancellationToken, Task> Before { get; set; } = static (_, _) => Task.CompletedTask;

    internal IReadOnlyList<OutboxEvent> Events => [.. _events];

    public async ValueTask PublishAsync(OutboxEvent published, CancellationToken cancellationToken)
    {
        await Before(published, cancellationToken);
        _events.Enqueue(published);
        Interlocked.Exchange(ref _changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
    }

    internal async Task WhenAsync(Func<IReadOnlyList<OutboxEvent>, bool> condition)
    {
        while (true)
        {
            var changed = Volatile.Read(ref _changed).Task;
            if (condition(Events))
            {
                return;
            }

            await changed;
        }
    }
}
