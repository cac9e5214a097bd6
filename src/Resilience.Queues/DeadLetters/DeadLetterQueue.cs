using Resilience.Shared;

namespace Resilience.Queues;

/// <summary>The dead letters of a queue, by its store. Thread-safe.</summary>
internal sealed class DeadLetterQueue<T>(DelayedQueue<T> queue, IDelayedQueueStore<T> store) : IDeadLetterQueue<T>
{
    public async ValueTask<IReadOnlyList<DeadLetter<T>>> ListAsync(long after = 0, int limit = 50, CancellationToken cancellationToken = default)
    {
        if (limit is < 1 or > 200)
        {
            throw new ArgumentOutOfRangeException(nameof(limit), limit, "List 1 to 200 dead letters at a time.");
        }

        await queue.StartAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        return await store.ListDeadLettersAsync(after, limit, cancellationToken).ConfigureAwait(Systematic.KeepContext);
    }

    public async ValueTask<RedriveStatus> RedriveAsync(string id, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        await queue.StartAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        var status = await store.RedriveAsync(id, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        if (status == RedriveStatus.Redriven)
        {
            queue.Monitor.Redriven();
        }

        return status;
    }

    public async ValueTask<bool> PurgeAsync(string id, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        await queue.StartAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        return await store.PurgeAsync(id, cancellationToken).ConfigureAwait(Systematic.KeepContext) > 0;
    }

    public async ValueTask<long> PurgeAllAsync(CancellationToken cancellationToken = default)
    {
        await queue.StartAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        return await store.PurgeAsync(null, cancellationToken).ConfigureAwait(Systematic.KeepContext);
    }
}
