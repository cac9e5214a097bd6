using System.Threading.Channels;
using Resilience.Shared;

namespace Messaging.Client.Resending;

/// <summary>
/// Sends messages in their order: a first try and five more after 2, 4, 8, 16 and 32 s, longer where the server asks for it. What is refused for good leaves
/// at once. Bounded: a full queue says so instead of growing. Adding is thread-safe; one caller runs it.
/// </summary>
internal sealed class ResendQueue(
    Func<OutgoingMessage, CancellationToken, Task<SendResult>> send, Action<ResendNotice> notify, TimeProvider time, int capacity = 1_000)
{
    internal const int MaxTries = 6;

    private static readonly TimeSpan FirstDelay = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(60);

    private readonly Channel<OutgoingMessage> _messages = Channel.CreateBounded<OutgoingMessage>(
        new BoundedChannelOptions(capacity) { SingleReader = true });

    /// <summary>Messages that failed for good.</summary>
    internal int FailedCount { get; private set; }

    /// <summary>Adds a message; false when the queue is full or was completed.</summary>
    internal bool TryAdd(OutgoingMessage message) => _messages.Writer.TryWrite(message);

    /// <summary>Nothing more comes: <see cref="RunAsync"/> ends when everything has been sent or has failed.</summary>
    internal void Complete() => _messages.Writer.TryComplete();

    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        await foreach (var message in _messages.Reader.ReadAllAsync(cancellationToken))
        {
            await DeliverAsync(message, cancellationToken);
        }
    }

    private async Task DeliverAsync(OutgoingMessage message, CancellationToken cancellationToken)
    {
        for (var failures = 0; ; failures++)
        {
            switch (await send(message, cancellationToken))
            {
                case SendResult.Stored:
                    notify(new ResendNotice.Sent(message));
                    return;

                case SendResult.Unavailable unavailable when failures + 1 < MaxTries:
                    var delay = Delay(failures, unavailable.RetryAfter);
                    notify(new ResendNotice.Waiting(message, failures + 2, delay, unavailable.Reason));
                    await Task.Delay(delay, time, cancellationToken);
                    break;

                case SendResult.Unavailable unavailable:
                    Fail(message, unavailable.Reason);
                    return;

                case SendResult.Refused refused:
                    Fail(message, refused.Reason);
                    return;
            }
        }
    }

    private static TimeSpan Delay(int failures, TimeSpan? retryAfter)
    {
        var delay = Backoff.After(failures, FirstDelay, LongestDelay);
        return retryAfter > delay ? retryAfter.Value : delay;
    }

    private void Fail(OutgoingMessage message, string reason)
    {
        FailedCount++;
        notify(new ResendNotice.Failed(message, reason));
    }
}
