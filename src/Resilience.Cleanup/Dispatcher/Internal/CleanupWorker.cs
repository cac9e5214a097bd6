using Resilience.Shared;

namespace Resilience.Cleanup;

/// <summary>
/// One worker: takes a batch, removes the batch's memberships grouped by key, then closes the scopes one by one. It never waits for an asynchronous step.
/// Its fields are its own, but for those that the supervisor reads.
/// </summary>
internal sealed class CleanupWorker(CleanupDispatcher dispatcher, int batchSize, int generation)
{
    private readonly Dictionary<object, KeyGroups> _groups = new(ReferenceEqualityComparer.Instance);
    private readonly List<Membership> _memberships = [];
    private volatile bool _retired;
    private long _progress;
    private volatile bool _busy;

    /// <summary>Restarts after crashes without a healthy time in between.</summary>
    public int Generation { get; } = generation;

    public ClaimSlot Claim { get; } = new(batchSize);

    /// <summary>Set by the supervisor: this worker was replaced and ends when it can.</summary>
    public bool IsRetired => _retired;

    /// <summary>Rises with every step that the worker finished. Together with <see cref="IsBusy"/> it shows a worker that is stuck.</summary>
    public long Progress => Volatile.Read(ref _progress);

    public bool IsBusy => _busy;

    /// <summary>Kept by the supervisor: what it saw when it looked last.</summary>
    public (long Progress, long Since) Seen { get; set; } = (-1, 0);

    public void Retire() => _retired = true;

    /// <summary>Runs until the queue has stopped and is empty, or the worker is retired.</summary>
    public async Task RunAsync()
    {
        while (!_retired)
        {
            var count = dispatcher.Queue.Take(Claim);
            if (count == 0)
            {
                if (dispatcher.Queue.TrySleep(out var more) is { } sleep)
                {
                    await SleepAsync(sleep).ConfigureAwait(Systematic.KeepContext);
                }
                else if (!more)
                {
                    return;
                }

                continue;
            }

            _busy = true;
            Systematic.Interleave("worker: claimed");
            var removed = TryRemoveMemberships(count);
            Systematic.Interleave("worker: memberships removed");
            for (var i = 0; i < count; i++)
            {
                if (Claim.Take(i) is { } entry)
                {
                    End(entry, removed);
                    Interlocked.Increment(ref _progress);
                    Systematic.Interleave("worker: scope closed");
                }
            }

            _busy = false;
            dispatcher.BatchDone(count);

            // A long backlog is shared with whatever else the pool has to do.
            await Task.Yield();
        }
    }

    private async Task SleepAsync(TaskCompletionSource sleep)
    {
        try
        {
            Systematic.Interleave("worker: before the sleep");
            await sleep.Task.ConfigureAwait(Systematic.KeepContext);
            Systematic.Interleave("worker: woken");
        }
        catch
        {
            // Whoever wakes a dead worker wakes nobody.
            dispatcher.Queue.Forget(sleep);
            throw;
        }
    }

    private void End(QueueEntry entry, bool allRemoved)
    {
        if (_retired)
        {
            // Nobody watches a worker that was replaced.
            dispatcher.PutBack(entry);
            return;
        }

        if (!allRemoved && entry.Attempts < CleanupDispatcher.MaxAttempts)
        {
            entry.Core.CollectMemberships(_memberships);
            var undone = _memberships.Count > 0;
            _memberships.Clear();
            if (undone)
            {
                dispatcher.PutBack(entry);
                return;
            }
        }

        dispatcher.Close(entry);
    }

    /// <summary>False when a key's lock was not free in time.</summary>
    private bool TryRemoveMemberships(int count)
    {
        for (var i = 0; i < count; i++)
        {
            Claim.Peek(i)?.Core.CollectMemberships(_memberships);
        }

        if (_memberships.Count == 0)
        {
            return true;
        }

        foreach (var membership in _memberships)
        {
            if (!_groups.TryGetValue(membership.Index, out var groups))
            {
                _groups[membership.Index] = groups = membership.NewGroups();
            }

            groups.Add(membership);
        }

        _memberships.Clear();
        var all = true;
        foreach (var groups in _groups.Values)
        {
            all &= groups.Remove(dispatcher.Options.LockTimeout, dispatcher.Time, dispatcher);
            Interlocked.Increment(ref _progress);
        }

        return all;
    }
}
