namespace Resilience.Sse;

/// <summary>Where a reader began, and what it has to be told about what it cannot get.</summary>
internal readonly record struct ReplayStart(bool Resumed, string? GapReason, string[] Channels);

internal sealed partial class HubCursor
{
    private HashSet<string>? _revoked;
    private bool _opened;

    /// <summary>
    /// Begins to read. Channels that were taken away while the application was still deciding are left out; so are none that it takes away later.
    /// </summary>
    /// <param name="channels">The channels to read.</param>
    /// <param name="lastEventId">What the client sent as its position, untrusted; null when it sent none.</param>
    /// <param name="head">The newest sequence when the request was admitted: where a client without a position begins.</param>
    public ReplayStart Open(IReadOnlyList<string> channels, string? lastEventId, long head)
    {
        lock (this)
        {
            if (_closed)
            {
                return default;
            }

            _opened = true;
            foreach (var channel in channels)
            {
                if (_revoked?.Contains(channel) == true)
                {
                    continue;
                }

                if (IndexOf(channel) is >= 0 and var at)
                {
                    // Joined while the handler decided, and granted by the handler as well: it is read from the client's position on.
                    Subscriptions[at].From = 0;
                }
                else
                {
                    Add(hub.Subscribe(channel, this, 0));
                }
            }

            if (Subscriptions.Length > maxChannels)
            {
                throw new InvalidOperationException($"The stream has {Subscriptions.Length} channels; {maxChannels} are the most (MaxChannelsPerConnection).");
            }

            var (position, reason) = Locate(lastEventId, head);
            _position = position;
            var lost = MarkLost();
            if (Bound() is { Length: > 0 } skipped)
            {
                reason ??= "limit";
                lost = [.. lost, .. skipped.Except(lost)];
            }

            if (reason is null && lost.Length > 0)
            {
                reason = "evicted";
            }

            var named = reason is "epoch" or "future" or "malformed" ? Names() : lost;
            return new ReplayStart(lastEventId is not null && reason is null, reason, named);
        }
    }

    /// <summary>Of a stream that does not read from the hub: from now on there is nothing to join or to leave.</summary>
    public void Forgo()
    {
        lock (this)
        {
            _opened = true;
            _revoked = null;
        }

        Close();
    }

    private (long Position, string? Reason) Locate(string? lastEventId, long head)
    {
        if (string.IsNullOrEmpty(lastEventId))
        {
            return (head, null);
        }

        if (!SseEventId.TryParse(lastEventId, out var id))
        {
            return (head, "malformed");
        }

        // Whatever is retained of this epoch is new to a client that comes from another one.
        if (!string.Equals(id.Epoch, hub.Epoch.Text, StringComparison.Ordinal))
        {
            return (0, "epoch");
        }

        return id.Sequence <= hub.Head ? (id.Sequence, null) : (head, "future");
    }

    private string[] MarkLost()
    {
        List<string>? lost = null;
        foreach (var subscription in Subscriptions)
        {
            var lostThrough = subscription.Channel.LostThrough;
            if (lostThrough > Math.Max(_position, subscription.From))
            {
                subscription.From = lostThrough;
                (lost ??= []).Add(subscription.Channel.Name);
            }
        }

        return lost is null ? [] : [.. lost];
    }

    /// <summary>Moves the position forward until at most the allowed number of events is replayed; names the channels that lose something by it.</summary>
    private string[] Bound()
    {
        if (CountAfter(_position) <= hub.Limits.ReplayEvents)
        {
            return [];
        }

        long low = _position, high = hub.Head;
        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            if (CountAfter(middle) <= hub.Limits.ReplayEvents)
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        var skipped = new List<string>();
        foreach (var subscription in Subscriptions)
        {
            var after = Math.Max(_position, subscription.From);
            if (subscription.Channel.PeekAfter(after) <= low)
            {
                skipped.Add(subscription.Channel.Name);
            }
        }

        _position = low;
        return [.. skipped];
    }

    private long CountAfter(long position)
    {
        var count = 0L;
        foreach (var subscription in Subscriptions)
        {
            count += subscription.Channel.CountAfter(Math.Max(position, subscription.From));
        }

        return count;
    }
}
