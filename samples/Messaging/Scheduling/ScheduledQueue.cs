using Resilience.Queues;
using StackExchange.Redis;

namespace Messaging.Scheduling;

/// <summary>What the queue said to a key.</summary>
internal enum ScheduledQueueAnswer
{
    Accepted,
    Full,
    Unreachable,
}

/// <summary>The delayed queue as scheduling uses it: a key twice is one entry, and a Redis that is away is an answer. Safe for concurrent use.</summary>
internal sealed partial class ScheduledQueue(IDelayedQueue<ScheduledMessageId> queue, ILogger<ScheduledQueue> logger)
{
    internal const string Name = "scheduled";

    // The longest delay that the API takes. A clock that was set back must not make a stored time an impossible one.
    internal static readonly TimeSpan MaxDelay = TimeSpan.FromDays(30);

    internal async Task<ScheduledQueueAnswer> AddAsync(ScheduledMessageId id, TimeSpan delay, CancellationToken cancellationToken)
    {
        try
        {
            var result = await queue.EnqueueAsync(id, new EnqueueOptions { Delay = delay, Id = id.Key }, cancellationToken);
            return result.Status is EnqueueStatus.Accepted or EnqueueStatus.Duplicate ? ScheduledQueueAnswer.Accepted : ScheduledQueueAnswer.Full;
        }
        catch (Exception error) when (IsAway(error))
        {
            Unreachable(logger, error);
            return ScheduledQueueAnswer.Unreachable;
        }
    }

    /// <summary>Adds keys that may be in the queue already. False when the queue was full before the last of them.</summary>
    internal async Task<bool> AddAllAsync(IEnumerable<(ScheduledMessageId Id, TimeSpan Delay)> keys, CancellationToken cancellationToken)
    {
        var requests = keys.Select(static key => new EnqueueRequest<ScheduledMessageId>(key.Id, Clamp(key.Delay), key.Id.Key)).ToArray();
        var results = await queue.EnqueueBatchAsync(requests, cancellationToken);
        return results.All(static result => result.Status is EnqueueStatus.Accepted or EnqueueStatus.Duplicate);
    }

    /// <summary>The keys that the queue gave up: they wait for an operator.</summary>
    internal async Task<HashSet<string>> DeadAsync(CancellationToken cancellationToken)
    {
        const int PageSize = 200;
        var keys = new HashSet<string>(StringComparer.Ordinal);
        for (var after = 0L; ;)
        {
            var page = await queue.DeadLetters.ListAsync(after, PageSize, cancellationToken);
            keys.UnionWith(page.Select(static dead => dead.Id));
            if (page.Count < PageSize)
            {
                return keys;
            }

            after = page[^1].Number;
        }
    }

    /// <summary>Frees the place of a key. What is not freed is found without a pending row when it is due, and let go then.</summary>
    internal async Task ForgetAsync(ScheduledMessageId id)
    {
        try
        {
            if (!await queue.CancelAsync(id.Key, CancellationToken.None))
            {
                await queue.DeadLetters.PurgeAsync(id.Key, CancellationToken.None);
            }
        }
        catch (Exception error) when (IsAway(error))
        {
            Unreachable(logger, error);
        }
    }

    internal static bool IsAway(Exception error) => error is RedisException or TimeoutException;

    private static TimeSpan Clamp(TimeSpan delay) => delay < TimeSpan.Zero ? TimeSpan.Zero : delay > MaxDelay ? MaxDelay : delay;

    [LoggerMessage(9201, LogLevel.Debug, "The queue of scheduled messages cannot be reached.")]
    private static partial void Unreachable(ILogger logger, Exception error);
}
