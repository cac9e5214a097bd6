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
        var sinceYield = 0;
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

            Work(count);
            sinceYield += count;
            if (sinceYield >= Claim.Size)
            {
                // A long backlog is shared with whatever else the pool has to do.
                sinceYield = 0;
                await Task.Yield();
            }
        }
    }

    private void Work(int count)
    {
        _busy = true;
        Systematic.Interleave("worker: claimed");
        var removed = TryRemoveMemberships(count);
        Systematic.Interleave("worker: memberships removed");
        var ended = 0;
        try
        {
            // The end of one scope is the start of the next: one look at the clock for each.
            var now = dispatcher.Time.GetTimestamp();
            for (var i = 0; i < count; i++)
            {
                if (Claim.Take(i) is { } entry)
                {
                    ended += TryEnd(entry, removed, ref now) ? 1 : 0;
                    Advance();
                    Systematic.Interleave("worker: scope closed");
                }
            }
        }
        finally
        {
            dispatcher.Queue.Ended(ended);
        }

        _busy = false;
        dispatcher.BatchDone(count);
    }

    /// <summary>The worker alone writes it.</summary>
    private void Advance() => Volatile.Write(ref _progress, _progress + 1);

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

    /// <summary>Closes a scope, or puts it back. True when it has ended.</summary>
    private bool TryEnd(ScopeCore entry, bool allRemoved, ref long now)
    {
        if (_retired || (!allRemoved && IsUndone(entry)))
        {
            // Nobody watches a worker that was replaced; and a member whose lock was not free has another attempt.
            dispatcher.PutBack(entry);
            return false;
        }

        return dispatcher.TryClose(entry, ref now);
    }

    private bool IsUndone(ScopeCore entry)
    {
        if (entry.Attempts >= CleanupDispatcher.MaxAttempts)
        {
            return false;
        }

        entry.CollectMemberships(_memberships);
        var undone = _memberships.Count > 0;
        _memberships.Clear();
        return undone;
    }

    /// <summary>False when a key's lock was not free in time.</summary>
    private bool TryRemoveMemberships(int count)
    {
        for (var i = 0; i < count; i++)
        {
            Claim.Peek(i)?.CollectMemberships(_memberships);
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
            Advance();
        }

        return all;
    }
}
