using System.Runtime.InteropServices;

namespace Resilience.Sse;

/// <summary>
/// A reader of the hub: one position, however many channels. Everything up to the position has been taken, from every channel it is subscribed to. Thread-safe: the
/// lock guards position and subscriptions; it is taken before the hub's and the channels' locks. It is the cursor itself, which nobody else can lock, because a lock
/// of its own would be a share of every idle connection. Frames are taken under it and written after it, so that once
/// <see cref="Unsubscribe"/> has returned, nothing that is published later can be taken.
/// </summary>
internal sealed partial class HubCursor(SseHub hub, WakeSignal signal, int maxChannels)
{
    // Most readers have one channel and need no array.
    private Subscription? _only;
    private Subscription[] _several = [];
    private long _position = hub.Head;
    private bool _closed;

    public string Epoch => hub.Epoch.Text;

    public long Position => Volatile.Read(ref _position);

    /// <summary>The newest sequence of the hub.</summary>
    public long Head => hub.Head;

    public string[] Channels
    {
        get
        {
            lock (this)
            {
                return Names();
            }
        }
    }

    public bool Has(string channel)
    {
        lock (this)
        {
            return IndexOf(channel) >= 0;
        }
    }

    /// <summary>Continues on the caller's thread, which is the pump's.</summary>
    public void WakeInline() => signal.WakeInline();

    /// <summary>See <see cref="WakeSignal.Prefetch"/>.</summary>
    public void Prefetch() => signal.Prefetch();

    /// <summary>Joins a channel from now on. False when the limit of channels is reached or the cursor is closed.</summary>
    public bool Subscribe(string channel)
    {
        lock (this)
        {
            if (_closed)
            {
                return false;
            }

            _revoked?.Remove(channel);
            if (IndexOf(channel) >= 0)
            {
                return true;
            }

            if (Subscriptions.Length >= maxChannels)
            {
                return false;
            }

            // Subscribed first, then the starting point: what is published in between is older than the point, so it is not delivered, and nothing after it is missed.
            var subscription = hub.Subscribe(channel, this, long.MaxValue);
            subscription.From = hub.Head;
            Add(subscription);
            return true;
        }
    }

    /// <summary>Leaves a channel at once.</summary>
    public bool Unsubscribe(string channel)
    {
        lock (this)
        {
            if (!_opened && !_closed)
            {
                // The application is still deciding, perhaps on what it read before the permission ended.
                (_revoked ??= new HashSet<string>(StringComparer.Ordinal)).Add(channel);
            }

            var at = IndexOf(channel);
            if (at < 0)
            {
                return !_opened;
            }

            var all = Subscriptions;
            hub.Unsubscribe(all[at]);
            Keep([.. all[..at], .. all[(at + 1)..]]);
            return true;
        }
    }

    /// <summary>Leaves all channels; the cursor takes nothing any more. Idempotent.</summary>
    public void Close()
    {
        lock (this)
        {
            _closed = true;
            foreach (var subscription in Subscriptions)
            {
                hub.Unsubscribe(subscription);
            }

            Keep([]);
        }
    }

    private ReadOnlySpan<Subscription> Subscriptions => _only is null ? _several : MemoryMarshal.CreateReadOnlySpan(ref _only, 1);

    private void Add(Subscription subscription) => Keep([.. Subscriptions, subscription]);

    private void Keep(Subscription[] all)
    {
        _only = all.Length == 1 ? all[0] : null;
        _several = all.Length == 1 ? [] : all;
    }

    private string[] Names()
    {
        var all = Subscriptions;
        var names = new string[all.Length];
        for (var i = 0; i < names.Length; i++)
        {
            names[i] = all[i].Channel.Name;
        }

        return names;
    }

    private int IndexOf(string channel)
    {
        var all = Subscriptions;
        for (var i = 0; i < all.Length; i++)
        {
            if (string.Equals(all[i].Channel.Name, channel, StringComparison.Ordinal))
            {
                return i;
            }
        }

        return -1;
    }
}
