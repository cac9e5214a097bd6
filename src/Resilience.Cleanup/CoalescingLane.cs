using Microsoft.Extensions.Logging;
using Resilience.Shared;

namespace Resilience.Cleanup;

/// <summary>
/// Follow-up work of cleanup (presence, webhooks) in a bounded lane of its own: at most one item per key waits, opposites cancel out, items are handled in batches with
/// retries, and nothing of it can slow the cleanup. See <see href="https://github.com/resilience-net/resilience/blob/main/docs/cleanup.md">the package's page</see>.
/// </summary>
/// <typeparam name="TKey">The key.</typeparam>
/// <typeparam name="T">The item.</typeparam>
/// <remarks>
/// Thread-safe: every member may be called from any thread at any time. A lock guards the items and the schedule; neither the handler nor its merge is called while it is held.
/// </remarks>
public sealed partial class CoalescingLane<TKey, T> : ILaneState, IAsyncDisposable, IDisposable
    where TKey : notnull
{
    private readonly Lock _lock = new();
    private readonly Dictionary<TKey, LaneItem<TKey, T>> _items = [];
    private readonly PriorityQueue<(LaneItem<TKey, T> Item, long Version), long> _schedule = new();
    private readonly CoalescingLaneOptions _options;
    private readonly ICoalescingHandler<TKey, T> _handler;
    private readonly TimeProvider _time;
    private readonly LaneTelemetry _telemetry;
    private readonly ITimer _timer;
    private int _runners;
    private bool _draining;
    private bool _stopped;
    private TaskCompletionSource? _emptied;
    private Task? _drain;

    /// <summary>Makes a lane without dependency injection, for tests above all: there are no metrics.</summary>
    /// <param name="name">The name in logs and metrics.</param>
    /// <param name="handler">The work.</param>
    /// <param name="options">The limits; taken over now.</param>
    /// <param name="timeProvider">The clock.</param>
    /// <param name="logger">Where state changes go.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public CoalescingLane(string name, ICoalescingHandler<TKey, T> handler, CoalescingLaneOptions options, TimeProvider timeProvider, ILogger<CoalescingLane<TKey, T>> logger)
        : this(name, handler, options, timeProvider, null, logger, null)
    {
    }

    internal CoalescingLane(
        string name,
        ICoalescingHandler<TKey, T> handler,
        CoalescingLaneOptions options,
        TimeProvider timeProvider,
        CleanupMetrics? metrics,
        ILogger logger,
        Action<CleanupAlert>? onAlert)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(handler);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(timeProvider);
        ArgumentNullException.ThrowIfNull(logger);
        Name = name;
        _handler = handler;
        _options = options;
        _time = timeProvider;
        _telemetry = new LaneTelemetry(name, metrics, logger, onAlert);
        _timer = timeProvider.CreateTimer(static state => ((CoalescingLane<TKey, T>)state!).Start(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        metrics?.Observe(this);
    }

    /// <summary>The name in logs and metrics.</summary>
    public string Name { get; }

    /// <summary>Keys that wait or are being handled.</summary>
    public int Pending
    {
        get
        {
            lock (_lock)
            {
                return _items.Count;
            }
        }
    }

    /// <summary>Places in the schedule, void ones included.</summary>
    internal int Scheduled
    {
        get
        {
            lock (_lock)
            {
                return _schedule.Count;
            }
        }
    }

    string? ILaneState.Trouble => _telemetry.Trouble;

    /// <summary>Adds an item. Never waits.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The item.</param>
    /// <param name="delay">How long it waits when nothing of its key waits already; <see cref="CoalescingLaneOptions.Delay"/> by default.</param>
    /// <exception cref="ArgumentNullException"><paramref name="key"/> is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="delay"/> is negative.</exception>
    public CoalescingPost Post(TKey key, T value, TimeSpan? delay = null)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentOutOfRangeException.ThrowIfLessThan(delay ?? TimeSpan.Zero, TimeSpan.Zero, nameof(delay));
        while (true)
        {
            LaneItem<TKey, T>? item;
            T pending;
            long version;
            lock (_lock)
            {
                if (_stopped)
                {
                    item = null;
                    pending = default!;
                    version = -1;
                }
                else
                {
                    if (!_items.TryGetValue(key, out item) && _items.Count < _options.Capacity)
                    {
                        _items[key] = item = new LaneItem<TKey, T>(key);
                    }

                    if (item is { Waits: false })
                    {
                        Schedule(item, value, attempts: 0, _draining ? 0 : Ticks(delay ?? _options.Delay));
                        Arm();
                        return CoalescingPost.Added;
                    }

                    pending = item is null ? default! : item.Value;
                    version = item?.Version ?? 0;
                }
            }

            if (item is null)
            {
                return Refuse(stopped: version < 0);
            }

            // The handler's code runs outside the lock, and counts only if nothing changed meanwhile.
            var keeps = TryMerge(key, pending, value, out var merged);
            Systematic.Interleave("lane: merged");
            lock (_lock)
            {
                if (!item.Waits || item.Version != version)
                {
                    continue;
                }

                Replace(item, keeps, merged);
            }

            _telemetry.Coalesced();
            if (keeps)
            {
                return CoalescingPost.Merged;
            }

            LookForRoom();
            return CoalescingPost.CancelledOut;
        }
    }

    /// <summary>Handles what is pending without delay, waits for it at most <see cref="CoalescingLaneOptions.DrainTimeout"/>, and takes no more.</summary>
    public async ValueTask DisposeAsync() => await ((ILaneState)this).DrainAsync().ConfigureAwait(Systematic.KeepContext);

    /// <summary>Stops without handling what is pending. Prefer <see cref="DisposeAsync"/>.</summary>
    public void Dispose()
    {
        int left;
        lock (_lock)
        {
            left = _stopped ? 0 : _items.Count;
            _stopped = true;
        }

        _timer.Dispose();
        if (left > 0)
        {
            _telemetry.NotDrained(left);
        }
    }

    private CoalescingPost Refuse(bool stopped)
    {
        if (stopped)
        {
            _telemetry.RefusedAtTheEnd();
            return CoalescingPost.Stopped;
        }

        _telemetry.Refused(_options.Capacity);
        return CoalescingPost.Full;
    }

    private bool TryMerge(TKey key, T pending, T added, out T merged)
    {
        try
        {
            return _handler.TryMerge(key, pending, added, out merged);
        }
        catch (Exception exception)
        {
            // A merge that fails must not stop the lane: the later item stands.
            _telemetry.MergeFailed(exception);
            merged = added;
            return true;
        }
    }

    private long Ticks(TimeSpan time) => (long)(time.TotalSeconds * _time.TimestampFrequency);

    /// <summary>Under the lock: a value waits from now on.</summary>
    private void Schedule(LaneItem<TKey, T> item, T value, int attempts, long delay)
    {
        item.Value = value;
        item.Waits = true;
        item.Attempts = attempts;
        item.Due = _time.GetTimestamp() + delay;
        item.Version++;
        if (!item.IsBusy)
        {
            Enter(item);
        }
    }

    /// <summary>Under the lock: the value that waits becomes another one, or none.</summary>
    private void Replace(LaneItem<TKey, T> item, bool keeps, T merged)
    {
        item.Version++;
        if (keeps)
        {
            item.Value = merged;
            if (!item.IsBusy)
            {
                Enter(item);
            }
        }
        else
        {
            item.Value = default!;
            item.Waits = false;
            Forget(item);
        }
    }

    /// <summary>Under the lock: takes a place in the schedule, and sweeps out void places when they are the most.</summary>
    private void Enter(LaneItem<TKey, T> item)
    {
        _schedule.Enqueue((item, item.Version), item.Due);
        if (_schedule.Count > 64 + (2 * _items.Count))
        {
            var valid = _schedule.UnorderedItems.Where(static p => p.Element.Item.Version == p.Element.Version).ToArray();
            _schedule.Clear();
            _schedule.EnqueueRange(valid);
        }
    }

    /// <summary>Under the lock: removes a key for which nothing waits and nothing runs.</summary>
    private void Forget(LaneItem<TKey, T> item)
    {
        if (!item.Waits && !item.IsBusy && _items.Remove(item.Key) && _items.Count == 0)
        {
            _emptied?.TrySetResult();
        }
    }
}
