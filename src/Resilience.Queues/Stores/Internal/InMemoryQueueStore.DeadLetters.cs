namespace Resilience.Queues;

internal sealed partial class InMemoryQueueStore<T>
{
    private readonly SortedDictionary<long, DeadEntry> _dead = [];
    private readonly Dictionary<string, long> _deadById = new(StringComparer.Ordinal);
    private long _deadNumber;
    private long _deadDropped;
    private string? _cleanupOwner;

    public ValueTask<IReadOnlyList<DeadLetter<T>>> ListDeadLettersAsync(long after, int limit, CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            var list = new List<DeadLetter<T>>(Math.Min(limit, _dead.Count));
            foreach (var (number, dead) in _dead)
            {
                if (list.Count == limit)
                {
                    break;
                }

                if (number > after)
                {
                    list.Add(ToDeadLetter(number, dead));
                }
            }

            return new(list);
        }
    }

    public ValueTask<RedriveStatus> RedriveAsync(string id, CancellationToken cancellationToken = default)
    {
        bool wake;
        lock (_gate)
        {
            if (!_deadById.TryGetValue(id, out var number))
            {
                return new(RedriveStatus.NotFound);
            }

            if (_byId.ContainsKey(id))
            {
                return new(RedriveStatus.Duplicate);
            }

            if (Size >= _options.MaxSize)
            {
                return new(RedriveStatus.Full);
            }

            var dead = _dead[number];
            RemoveDead(number, dead.Id);
            var slot = Allocate();
            ref var entry = ref _entries[slot];
            var sequence = entry.Sequence;
            entry = dead.Entry;
            entry.Sequence = sequence;
            entry.Id = id;
            entry.Failures = 0;
            entry.Deliveries = 0;
            entry.IsSuspect = false;
            _byId.Add(id, slot);
            wake = MakeVisible(slot, ref entry, Now);
        }

        Signal(wake);
        return new(RedriveStatus.Redriven);
    }

    public ValueTask<long> PurgeAsync(string? id, CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            if (id is null)
            {
                long count = _dead.Count;
                _dead.Clear();
                _deadById.Clear();
                return new(count);
            }

            if (!_deadById.TryGetValue(id, out var number))
            {
                return new(0L);
            }

            RemoveDead(number, id);
            return new(1L);
        }
    }

    public ValueTask<CleanupBatch> CleanupAsync(CleanupRequest request, CancellationToken cancellationToken = default)
    {
        CleanupBatch result;
        bool freed;
        int dropped;
        lock (_gate)
        {
            if (_cleanupOwner is not null && _cleanupOwner != request.Owner)
            {
                return new(new CleanupBatch(Busy: true, 0, 0));
            }

            _cleanupOwner = request.Owner;
            var wasFull = Size >= _options.MaxSize;
            var before = _deadDropped;
            var now = Now;

            // "Longer than" the time to live, so what is exactly that old stays.
            var limit = now - request.Ttl.Ticks - 1;
            var removed = Expire(_index, limit, request.Max, now);
            removed += Expire(_quarantine, limit, request.Max - removed, now);
            result = new CleanupBatch(Busy: false, removed, _index.CountDue(limit) + _quarantine.CountDue(limit));
            dropped = (int)(_deadDropped - before);
            freed = wasFull && Size < _options.MaxSize;
        }

        Signal(work: false, freed, dropped);
        return new(result);
    }

    public ValueTask EndCleanupAsync(string owner, CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            _cleanupOwner = _cleanupOwner == owner ? null : _cleanupOwner;
        }

        return ValueTask.CompletedTask;
    }

    private int Expire(DueHeap heap, long limit, int max, long now)
    {
        var removed = 0;
        while (removed < max && heap.Count > 0)
        {
            var slot = heap.Peek(out var due);
            if (due > limit)
            {
                break;
            }

            Kill(slot, DeadLetterReason.Expired, error: null, now);
            removed++;
        }

        return removed;
    }

    private void Kill(int slot, DeadLetterReason reason, string? error, long now)
    {
        ref var entry = ref _entries[slot];
        AddToHistory(ref entry, error, now);
        Remember(entry.Id, now);
        var id = entry.Key(slot).ToString();
        var dead = new DeadEntry(id, entry, reason, now);
        dead.Entry.Token = 0;
        if (_deadById.TryGetValue(id, out var older))
        {
            RemoveDead(older, id);
            _deadDropped++;
        }

        _dead.Add(++_deadNumber, dead);
        _deadById.Add(id, _deadNumber);
        Free(slot);
        if (_dead.Count > _options.MaxDeadLetters)
        {
            var (number, oldest) = _dead.First();
            RemoveDead(number, oldest.Id);
            _deadDropped++;
        }
    }

    private void RemoveDead(long number, string id)
    {
        _dead.Remove(number);
        _deadById.Remove(id);
    }

    private DeadLetter<T> ToDeadLetter(long number, DeadEntry dead) => new()
    {
        Id = dead.Id,
        Number = number,
        Item = dead.Entry.Item,
        HasItem = true,
        Reason = dead.Reason,
        Failures = dead.Entry.Failures,
        Deliveries = dead.Entry.Deliveries,
        EnqueuedAt = ToUtc(dead.Entry.EnqueuedAt),
        DiedAt = ToUtc(dead.DiedAt),
        History = dead.Entry.History?.ToArray() ?? [],
    };

    private sealed class DeadEntry(string id, Entry entry, DeadLetterReason reason, long diedAt)
    {
        public Entry Entry = entry;

        public string Id { get; } = id;

        public DeadLetterReason Reason { get; } = reason;

        public long DiedAt { get; } = diedAt;
    }
}
