namespace Resilience.Sse;

/// <summary>
/// One sequence over all channels, and each channel's log. Thread-safe. The lock guards the sequence, the map of channels, the list of all frames from oldest to
/// newest and the sums; a channel's lock may be taken while it is held, never the other way round, and nobody's code is called under it.
/// </summary>
/// <remarks>
/// Invariant: every frame with a sequence up to <see cref="Head"/> has been appended to its channel's log. A reader that reads the head first and then takes
/// frames up to it can therefore merge channels by sequence without ever passing a frame that is still on its way.
/// </remarks>
internal sealed partial class SseHub(SseClock clock, HubLimits limits, HubEpoch epoch)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, ChannelLog> _channels = new(StringComparer.Ordinal);
    private readonly LinkedList<ChannelLog> _idle = new();
    private readonly RecentIds _recent = new(limits.DeduplicationIds);
    private SseFrame? _oldest;
    private SseFrame? _newest;
    private long _bytes;
    private long _head;
    private long _forgottenThrough;
    private long _evicted;

    public HubEpoch Epoch { get; } = epoch;

    public HubLimits Limits { get; } = limits;

    public WakeBatchPool Batches { get; } = new();

    /// <summary>The newest sequence that readers may look at.</summary>
    public long Head => Volatile.Read(ref _head);

    public SseEventId Position => new(Epoch.Text, Head);

    public long RetainedBytes => Volatile.Read(ref _bytes);

    public long Evicted => Volatile.Read(ref _evicted);

    public int ChannelCount
    {
        get
        {
            lock (_gate)
            {
                return _channels.Count;
            }
        }
    }

    /// <summary>Appends a frame and has its readers woken. A repeated publication gives the first one's id and appends nothing.</summary>
    public SseEventId Append(string channel, SseFrame frame, string? deduplicationId, out bool duplicate)
    {
        ChannelLog log;
        long sequence;
        lock (_gate)
        {
            if (deduplicationId is not null && _recent.TryGet(channel, deduplicationId, out sequence))
            {
                duplicate = true;
                return new SseEventId(Epoch.Text, sequence);
            }

            log = GetOrAdd(channel);
            sequence = _head + 1;
            frame.Stamp(Epoch.IdPrefix, sequence, clock.Now, log);
            log.Append(frame);
            Link(frame);
            if (deduplicationId is not null)
            {
                _recent.Add(channel, deduplicationId, sequence);
            }

            Volatile.Write(ref _head, sequence);
            Enforce(log);
        }

        duplicate = false;
        Systematic.Interleave("sse.appended");
        log.Pump();
        return new SseEventId(Epoch.Text, sequence);
    }

    /// <summary>Adds a subscriber to a channel that exists from now on at least as long as the subscription.</summary>
    public Subscription Subscribe(string channel, HubCursor cursor, long from)
    {
        lock (_gate)
        {
            var log = GetOrAdd(channel);
            var subscription = new Subscription(cursor, log, from);
            log.Add(subscription);
            return subscription;
        }
    }

    public void Unsubscribe(Subscription subscription)
    {
        lock (_gate)
        {
            if (subscription.Channel.Remove(subscription))
            {
                RetireIfIdle(subscription.Channel);
            }
        }
    }

    public ChannelLog? Find(string channel)
    {
        lock (_gate)
        {
            return _channels.GetValueOrDefault(channel);
        }
    }

    private ChannelLog GetOrAdd(string channel)
    {
        if (_channels.TryGetValue(channel, out var log))
        {
            if (log.IdleNode is { } node)
            {
                _idle.Remove(node);
                log.IdleNode = null;
            }

            return log;
        }

        log = new ChannelLog(channel, this, _forgottenThrough);
        _channels.Add(channel, log);
        return log;
    }
}
