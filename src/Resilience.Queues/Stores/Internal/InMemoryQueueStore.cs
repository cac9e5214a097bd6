using System.Runtime.CompilerServices;
using Resilience.Shared;

namespace Resilience.Queues;

/// <summary>
/// The queue in memory. Two heaps over one array of entries: the index holds everything by when it is next visible, so a lease is an entry with a later key and a
/// crash needs no scanner; the quarantine holds the suspects that are visible. Thread-safe: one lock guards all fields; signals are sent after it is released.
/// </summary>
internal sealed partial class InMemoryQueueStore<T> : IDelayedQueueStore<T>
{
    /// <summary>What one claim moves at most besides what it takes, so that no call holds the lock for long.</summary>
    private const int MaxStepsPerClaim = 1000;
    private const int MaxHistory = 16;
    private const int None = -1;

    private readonly Lock _gate = new();
    private readonly DelayedQueueOptions _options;
    private readonly TimeProvider _time;
    private readonly Func<T, long>? _sizeOf;
    private readonly long _startTimestamp;
    private readonly DateTimeOffset _startUtc;
    private readonly DueHeap _index = new();
    private readonly DueHeap _quarantine = new();
    private readonly Dictionary<string, int> _byId = new(StringComparer.Ordinal);
    private readonly SettledIds _settled;

    private IQueueSignals? _signals;
    private Entry[] _entries = [];
    private int _free = None;
    private long _lastSequence;
    private long _lastToken;
    private int _leased;

    public InMemoryQueueStore(DelayedQueueContext context, Func<T, long>? sizeOf = null)
    {
        _options = context.Options;
        _time = context.TimeProvider;
        _sizeOf = sizeOf;
        _startTimestamp = _time.GetTimestamp();
        _startUtc = _time.GetUtcNow();
        _settled = new SettledIds(_options.SettledIdRetention.Ticks, _options.MaxSettledIds);
    }

    public string Backend => "memory";

    private int Size => _index.Count + _quarantine.Count;

    // The monotonic clock: a jump of the wall clock makes nothing early or late.
    private long Now => _time.GetElapsedTime(_startTimestamp).Ticks;

    public ValueTask StartAsync(IQueueSignals signals, CancellationToken cancellationToken = default)
    {
        _signals = signals;
        return ValueTask.CompletedTask;
    }

    public long MeasurePayload(T item) => _sizeOf is not null
        ? _sizeOf(item)
        : item switch
        {
            byte[] bytes => bytes.Length,
            ReadOnlyMemory<byte> memory => memory.Length,
            string text => 2L * text.Length,
            _ => -1,
        };

    public ValueTask EnqueueAsync(ReadOnlyMemory<NewMessage<T>> messages, Memory<EnqueueResult> results, CancellationToken cancellationToken = default)
    {
        var wake = false;
        var from = messages.Span;
        var to = results.Span;
        lock (_gate)
        {
            var now = Now;
            for (var i = 0; i < from.Length; i++)
            {
                to[i] = Add(from[i], now, ref wake);
            }

            Systematic.Assert(Size <= _options.MaxSize, "the queue never exceeds its bound");
        }

        Signal(wake);
        return ValueTask.CompletedTask;
    }

    public ValueTask<bool> CancelAsync(string id, CancellationToken cancellationToken = default)
    {
        bool wasFull;
        lock (_gate)
        {
            var slot = Find(id);
            if (slot == None || IsLeased(slot, Now))
            {
                return new(false);
            }

            wasFull = Size >= _options.MaxSize;
            Free(slot);
        }

        Signal(work: false, space: wasFull);
        return new(true);
    }

    public ValueTask<bool> RescheduleAsync(string id, TimeSpan delay, CancellationToken cancellationToken = default)
    {
        bool wake;
        lock (_gate)
        {
            var now = Now;
            var slot = Find(id);
            if (slot == None || IsLeased(slot, now))
            {
                return new(false);
            }

            ref var entry = ref _entries[slot];

            // A lease that ran out unnoticed makes a suspect here as it does in a claim.
            entry.IsSuspect |= entry.Token != 0;
            EndLease(ref entry);
            wake = MakeVisible(slot, ref entry, now + delay.Ticks);
        }

        Signal(wake);
        return new(true);
    }

    public ValueTask<QueueStats> GetStatsAsync(CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            var now = Now;
            var ready = _index.CountDue(now) + _quarantine.Count;
            var oldest = now;
            if (_index.Count > 0)
            {
                _index.Peek(out var due);
                oldest = Math.Min(oldest, due);
            }

            if (_quarantine.Count > 0)
            {
                _quarantine.Peek(out var due);
                oldest = Math.Min(oldest, due);
            }

            return new(new QueueStats(Size, ready, Math.Max(0, Size - ready - _leased), _leased, _dead.Count, TimeSpan.FromTicks(now - oldest)));
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private EnqueueResult Add(in NewMessage<T> message, long now, ref bool wake)
    {
        if (message.Id is { } id && (_byId.ContainsKey(id) || _settled.Contains(id, now)))
        {
            return new(EnqueueStatus.Duplicate, new MessageKey(id), Size);
        }

        if (Size >= _options.MaxSize)
        {
            return new(EnqueueStatus.Full, default, Size);
        }

        var slot = Allocate();
        ref var entry = ref _entries[slot];
        entry.Item = message.Item;
        entry.Id = message.Id;
        entry.EnqueuedAt = now;
        entry.TraceParent = message.TraceParent;
        entry.TraceState = message.TraceState;
        if (message.Id is not null)
        {
            _byId.Add(message.Id, slot);
        }

        wake |= MakeVisible(slot, ref entry, now + message.Delay.Ticks);
        return new(EnqueueStatus.Accepted, entry.Key(slot), Size);
    }

    /// <summary>Puts an entry into the index as not leased; says whether it is now the first.</summary>
    private bool MakeVisible(int slot, ref Entry entry, long due)
    {
        entry.Due = due;
        if (_quarantine.Contains(slot))
        {
            _quarantine.Remove(slot);
        }

        if (_index.Contains(slot))
        {
            _index.Update(slot, due, entry.Sequence);
        }
        else
        {
            _index.Insert(slot, due, entry.Sequence);
        }

        return _index.Peek(out _) == slot;
    }

    private bool IsLeased(int slot, long now) => _entries[slot].Token != 0 && _index.DueOf(slot) > now;

    private void EndLease(ref Entry entry)
    {
        if (entry.Token != 0)
        {
            entry.Token = 0;
            _leased--;
        }
    }

    private int Find(string id)
    {
        if (_byId.TryGetValue(id, out var slot))
        {
            return slot;
        }

        var key = MessageKey.Parse(id);
        return key.Text is null ? Find(key) : None;
    }

    private int Find(in MessageKey key)
    {
        if (key.Text is not null)
        {
            return _byId.TryGetValue(key.Text, out var slot) ? slot : None;
        }

        return key.Slot < _entries.Length && _entries[key.Slot] is { Id: null } entry && entry.Sequence == key.Sequence && key.Sequence != 0 ? key.Slot : None;
    }

    private int Allocate()
    {
        if (_free == None)
        {
            var old = _entries.Length;
            var size = (int)Math.Min(Math.Max(16, 2L * old), _options.MaxSize);
            Array.Resize(ref _entries, size);
            _index.Grow(size);
            _quarantine.Grow(size);
            for (var i = size - 1; i >= old; i--)
            {
                _entries[i].NextFree = _free;
                _free = i;
            }
        }

        var slot = _free;
        _free = _entries[slot].NextFree;
        _entries[slot].Sequence = ++_lastSequence;
        return slot;
    }

    private void Free(int slot)
    {
        ref var entry = ref _entries[slot];
        EndLease(ref entry);
        (_quarantine.Contains(slot) ? _quarantine : _index).Remove(slot);
        if (entry.Id is not null)
        {
            _byId.Remove(entry.Id);
        }

        // The sequence becomes zero as well, so that a key of the past never matches.
        entry = default;
        entry.NextFree = _free;
        _free = slot;
    }

    private DateTimeOffset ToUtc(long ticks) => _startUtc.AddTicks(ticks);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Signal(bool work, bool space = false, int dropped = 0)
    {
        Systematic.Interleave("queue.signal");
        if (work)
        {
            _signals?.WorkAvailable();
        }

        if (space)
        {
            _signals?.SpaceAvailable();
        }

        if (dropped > 0)
        {
            _signals?.DeadLettersDropped(dropped);
        }
    }

    private struct Entry
    {
        public T Item;
        public string? Id;
        public long Sequence;

        /// <summary>When it is next visible, or was before it was leased: a release restores it.</summary>
        public long Due;

        /// <summary>The token of the current lease; zero when it is not leased.</summary>
        public long Token;
        public long EnqueuedAt;
        public int Failures;
        public int Deliveries;
        public int NextFree;
        public bool IsSuspect;
        public string? TraceParent;
        public string? TraceState;
        public List<DeliveryFailure>? History;

        public readonly MessageKey Key(int slot) => Id is null ? new MessageKey(slot, Sequence) : new MessageKey(Id);
    }
}
