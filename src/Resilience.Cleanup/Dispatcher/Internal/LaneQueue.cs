namespace Resilience.Cleanup;

/// <summary>What became of a write.</summary>
internal enum WriteResult
{
    Added,
    Full,
    Stopped,
}

/// <summary>
/// The two lanes. One short, leaf lock guards both rings, the count of pending scopes and the sleeping workers; it is never held while anything is called.
/// The bound counts every scope that was added and has not ended, wherever it is; workers tell of the ends once per batch.
/// </summary>
internal sealed class LaneQueue(int capacity)
{
    private readonly Lock _lock = new();
    private readonly Ring _normal = new();
    private readonly Ring _low = new();
    private readonly List<TaskCompletionSource> _sleepers = [];
    private TaskCompletionSource? _emptied;
    private int _pending;
    private long _added;
    private uint _turn;
    private bool _stopped;

    public (int Normal, int Low) Depth
    {
        get
        {
            lock (_lock)
            {
                return (_normal.Count, _low.Count);
            }
        }
    }

    /// <summary>How many were ever added.</summary>
    public long Added
    {
        get
        {
            lock (_lock)
            {
                return _added;
            }
        }
    }

    public int Pending
    {
        get
        {
            lock (_lock)
            {
                return _pending;
            }
        }
    }

    public bool IsStopped
    {
        get
        {
            lock (_lock)
            {
                return _stopped;
            }
        }
    }

    /// <summary>When the oldest waiting entry was posted; null when none waits.</summary>
    public long? OldestPostedAt
    {
        get
        {
            lock (_lock)
            {
                return (_normal.Oldest, _low.Oldest) switch
                {
                    ({ } normal, { } low) => Math.Min(normal.PostedAt, low.PostedAt),
                    ({ } normal, null) => normal.PostedAt,
                    (null, { } low) => low.PostedAt,
                    _ => null,
                };
            }
        }
    }

    public WriteResult TryAdd(ScopeCore entry)
    {
        TaskCompletionSource? sleeper;
        lock (_lock)
        {
            if (_stopped)
            {
                return WriteResult.Stopped;
            }

            if (_pending >= capacity)
            {
                return WriteResult.Full;
            }

            _pending++;
            _added++;
            sleeper = AddUnderLock(entry);
        }

        sleeper?.TrySetResult();
        return WriteResult.Added;
    }

    /// <summary>Puts an entry back that was added before. False when the queue has stopped: then no worker may be left to take it.</summary>
    public bool TryPutBack(ScopeCore entry)
    {
        TaskCompletionSource? sleeper;
        lock (_lock)
        {
            if (_stopped)
            {
                return false;
            }

            sleeper = AddUnderLock(entry);
        }

        sleeper?.TrySetResult();
        return true;
    }

    /// <summary>
    /// Moves entries into an empty slot: normal ones first, and an eighth of the slot at most from the low lane, even when nothing else waits:
    /// what arrives meanwhile in the normal lane waits behind few. As it always gets its eighth, the low lane cannot starve.
    /// </summary>
    /// <returns>How many; 0 when nothing waits.</returns>
    public int Take(ClaimSlot slot)
    {
        lock (_lock)
        {
            var share = Math.Min(_low.Count, LowShare(slot.Size));
            var count = 0;
            while (count < slot.Size - share && _normal.Count > 0)
            {
                slot.Fill(count++, _normal.Take());
            }

            for (; share > 0; share--)
            {
                slot.Fill(count++, _low.Take());
            }

            return count;
        }
    }

    /// <summary>A sleep that ends with the next entry; null when there is one already. False in <paramref name="more"/> when none will come any more.</summary>
    public TaskCompletionSource? TrySleep(out bool more)
    {
        lock (_lock)
        {
            more = !_stopped;
            if (_stopped || _normal.Count > 0 || _low.Count > 0)
            {
                more |= _normal.Count > 0 || _low.Count > 0;
                return null;
            }

            var sleeper = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _sleepers.Add(sleeper);
            return sleeper;
        }
    }

    /// <summary>A sleeper died before its sleep ended.</summary>
    public void Forget(TaskCompletionSource sleeper)
    {
        lock (_lock)
        {
            _sleepers.Remove(sleeper);
        }

        Nudge();
    }

    /// <summary>Wakes somebody if something waits: the supervisor's bounded poll behind a wake-up that was lost with its worker.</summary>
    public void Nudge()
    {
        TaskCompletionSource? sleeper;
        lock (_lock)
        {
            sleeper = _normal.Count > 0 || _low.Count > 0 ? PopSleeper() : null;
        }

        sleeper?.TrySetResult();
    }

    /// <summary>Scopes that were added have ended.</summary>
    public void Ended(int count)
    {
        TaskCompletionSource? emptied = null;
        lock (_lock)
        {
            _pending -= count;
            if (_pending == 0)
            {
                emptied = _emptied;
                _emptied = null;
            }
        }

        emptied?.TrySetResult();
    }

    /// <summary>Takes no more entries and lets the workers end when the lanes are empty.</summary>
    /// <returns>Completes when every scope that was added has ended.</returns>
    public TaskCompletionSource Stop()
    {
        TaskCompletionSource[] sleepers;
        TaskCompletionSource emptied;
        lock (_lock)
        {
            _stopped = true;
            sleepers = [.. _sleepers];
            _sleepers.Clear();
            emptied = _emptied ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (_pending == 0)
            {
                emptied.TrySetResult();
            }
        }

        foreach (var sleeper in sleepers)
        {
            sleeper.TrySetResult();
        }

        return emptied;
    }

    /// <summary>Under the lock. Where an eighth of the slot is less than one, the low lane gets every eighth turn.</summary>
    private int LowShare(int size) => size >= 8 ? size / 8 : _normal.Count == 0 || ++_turn % 8 == 0 ? 1 : 0;

    private TaskCompletionSource? AddUnderLock(ScopeCore entry)
    {
        (entry.IsLow ? _low : _normal).Add(entry);
        return PopSleeper();
    }

    private TaskCompletionSource? PopSleeper()
    {
        if (_sleepers.Count == 0)
        {
            return null;
        }

        var sleeper = _sleepers[^1];
        _sleepers.RemoveAt(_sleepers.Count - 1);
        return sleeper;
    }
}
