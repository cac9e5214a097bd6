namespace Resilience.Sse;

/// <summary>
/// The retained frames of one channel in the order of their sequence, and the channel's subscribers. Thread-safe. The lock guards the ring, the evicted mark and
/// the subscribers; it is taken after a cursor's lock and after the hub's lock, and nothing is called while it is held.
/// </summary>
internal sealed partial class ChannelLog(string name, SseHub hub, long lostThrough)
{
    private readonly Lock _gate = new();
    private readonly SubscriberSet _subscribers = new();
    private SseFrame?[] _ring = [];
    private int _first;
    private int _count;
    private long _bytes;
    private long _lastSequence;
    private long _lostThrough = lostThrough;

    public string Name { get; } = name;

    /// <summary>The newest frame's sequence, retained or not; 0 before the first.</summary>
    public long LastSequence => Volatile.Read(ref _lastSequence);

    /// <summary>The newest sequence that is no longer retained. A client at an older position has missed something.</summary>
    public long LostThrough => Volatile.Read(ref _lostThrough);

    public int Count => Volatile.Read(ref _count);

    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Whether nothing would be forgotten but the evicted mark.</summary>
    public bool IsIdle
    {
        get
        {
            lock (_gate)
            {
                return _count == 0 && _subscribers.Count == 0;
            }
        }
    }

    public SseFrame? Oldest
    {
        get
        {
            lock (_gate)
            {
                return _count == 0 ? null : _ring[_first];
            }
        }
    }

    /// <summary>Called by the hub under its lock, in the order of the sequence.</summary>
    public void Append(SseFrame frame)
    {
        lock (_gate)
        {
            Systematic.Assert(frame.Sequence > _lastSequence, "a channel's frames ascend");
            if (_count == _ring.Length)
            {
                Grow();
            }

            _ring[(_first + _count) & (_ring.Length - 1)] = frame;
            _count++;
            _bytes += frame.Cost;
            Volatile.Write(ref _lastSequence, frame.Sequence);
        }
    }

    /// <summary>Lets the oldest frame go. Called by the hub under its lock.</summary>
    public SseFrame EvictOldest()
    {
        lock (_gate)
        {
            var frame = _ring[_first]!;
            _ring[_first] = null;
            _first = (_first + 1) & (_ring.Length - 1);
            _count--;
            _bytes -= frame.Cost;
            Volatile.Write(ref _lostThrough, frame.Sequence);
            if (_count == 0)
            {
                _ring = [];
                _first = 0;
            }

            return frame;
        }
    }

    /// <summary>The first retained sequence after a position, or <see cref="long.MaxValue"/>.</summary>
    public long PeekAfter(long position)
    {
        if (LastSequence <= position)
        {
            return long.MaxValue;
        }

        lock (_gate)
        {
            var at = IndexAfter(position);
            return at == _count ? long.MaxValue : At(at).Sequence;
        }
    }

    /// <summary>How many retained frames lie after a position.</summary>
    public int CountAfter(long position)
    {
        if (LastSequence <= position)
        {
            return 0;
        }

        lock (_gate)
        {
            return _count - IndexAfter(position);
        }
    }

    /// <summary>
    /// Copies the frames with <c>after &lt; sequence &lt; below</c>, at most as many as fit, and stops when the bytes are used up. Returns -1 when something after the
    /// position has been evicted: decided under the lock, so that an eviction can never pass unseen between two reads.
    /// </summary>
    public int Take(long after, long below, Span<SseFrame?> destination, ref int bytes)
    {
        lock (_gate)
        {
            if (_lostThrough > after)
            {
                return -1;
            }

            var taken = 0;
            for (var at = IndexAfter(after); at < _count && taken < destination.Length && bytes > 0; at++)
            {
                var frame = At(at);
                if (frame.Sequence >= below)
                {
                    break;
                }

                destination[taken++] = frame;
                bytes -= frame.Length;
            }

            return taken;
        }
    }

    private SseFrame At(int index) => _ring[(_first + index) & (_ring.Length - 1)]!;

    private int IndexAfter(long position)
    {
        // Most readers are at the end or one frame behind it.
        if (_count == 0 || At(_count - 1).Sequence <= position)
        {
            return _count;
        }

        if (_count == 1 || At(_count - 2).Sequence <= position)
        {
            return _count - 1;
        }

        int low = 0, high = _count - 1;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (At(middle).Sequence <= position)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    private void Grow()
    {
        var larger = new SseFrame?[Math.Max(4, _ring.Length * 2)];
        for (var i = 0; i < _count; i++)
        {
            larger[i] = At(i);
        }

        _ring = larger;
        _first = 0;
    }
}
