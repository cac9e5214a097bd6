namespace Resilience.Sse;

/// <summary>What the wheel does with a connection. It only sets flags and wakes; it never waits and never touches the request.</summary>
internal sealed partial class SseConnection
{
    private TransportProbe _transport;
    private CancellationTokenRegistration _abort;
    private long _endOfLife = long.MaxValue;
    private long _nextValidation = long.MaxValue;
    private long _stallsCountedTo;
    private byte _heartbeatDue;
    private byte _retryDue;
    private bool _suspect;
    private bool _endsWithToken;

    /// <summary>Where the wheel keeps the connection. Guarded by the wheel's lock.</summary>
    public sbyte WheelSlot { get; set; } = -1;

    /// <summary>The place in the slot. Guarded by the wheel's lock.</summary>
    public int WheelIndex { get; set; }

    /// <summary>Somebody asked for a visit while one was under way. Guarded by the wheel's lock.</summary>
    public bool WheelSoon { get; set; }

    /// <summary>The transport that several streams share, on HTTP/2 and 3; null on HTTP/1.1.</summary>
    public string? SharedTransport => _transport.SharedId;

    /// <summary>Called before the stream runs.</summary>
    public void SetTokenExpiry(DateTimeOffset expires)
    {
        _endOfLife = node.Clock.Now + Math.Max(0, (long)(expires - node.Clock.UtcNow).TotalMilliseconds);
        _endsWithToken = true;
    }

    /// <summary>Looks at every deadline; returns when the next one is due.</summary>
    public long Visit(long now)
    {
        if (IsClosing)
        {
            var deadline = Volatile.Read(ref _closeDeadline);
            if (now >= deadline)
            {
                Cut();
            }

            return Math.Max(now + 1000, deadline);
        }

        if (now >= _endOfLife)
        {
            TryClose(_endsWithToken ? SseCloseReason.TokenExpired : SseCloseReason.Timeout);
            return now + 1000;
        }

        if (now >= _nextValidation)
        {
            _nextValidation = now + settings.RevalidationMs;
            node.Revalidator.Start(this);
        }

        return Math.Min(Math.Min(_endOfLife, _nextValidation), CheckSending(now));
    }

    /// <summary>Another stream of the same transport was convicted of stalling it: this one starts anew.</summary>
    public void Grace(long now)
    {
        var since = Volatile.Read(ref _flushPendingSince);
        if (since != 0 && Interlocked.CompareExchange(ref _flushPendingSince, Math.Max(1, now), since) == since)
        {
            Volatile.Write(ref _sendFailures, 0);
        }
    }

    private void StartDeadlines()
    {
        var now = node.Clock.Now;
        var life = now + (long)node.Clock.Shorten(settings.MaxLifetime, node.Options.LifetimeJitter).TotalMilliseconds;
        if (life < _endOfLife)
        {
            _endOfLife = life;
            _endsWithToken = false;
        }

        if (node.Revalidator.IsEnabled)
        {
            // The first at a random part of the interval, so that streams opened together are not validated together.
            _nextValidation = now + (settings.RevalidationMs / 2) + node.Clock.Next((int)Math.Min(int.MaxValue, (settings.RevalidationMs / 2) + 1));
        }

        var first = Math.Min(_endOfLife, _nextValidation);
        node.Wheel.Add(this, Math.Min(first, now + Math.Min(settings.HeartbeatMs, node.FailurePeriodMs)));
    }

    private long CheckSending(long now)
    {
        var since = Volatile.Read(ref _flushPendingSince);
        if (since != 0)
        {
            return CheckStall(now, since);
        }

        // Without anything that was not sent, it is a stall that was counted when it had just ended: the next frame that is sent, a heartbeat at the latest, clears it.
        if (Volatile.Read(ref _sendFailures) > 0 && Volatile.Read(ref _unflushed))
        {
            Interlocked.Exchange(ref _retryDue, 1);
            Wake();
            return now + 1000;
        }

        var due = Volatile.Read(ref _lastActivity) + settings.HeartbeatMs;
        if (now >= due)
        {
            Interlocked.Exchange(ref _heartbeatDue, 1);
            Wake();
            due = now + settings.HeartbeatMs;
        }

        return Math.Min(due, now + node.FailurePeriodMs);
    }

    /// <summary>A flush that stays pending is a failure per period; the last one convicts.</summary>
    private long CheckStall(long now, long since)
    {
        // What was counted belongs to this flush or to one that had ended when this one began: then this one's periods begin with it.
        _stallsCountedTo = Math.Max(_stallsCountedTo, since);
        while (now - _stallsCountedTo >= node.FailurePeriodMs)
        {
            _stallsCountedTo += node.FailurePeriodMs;
            if (CountSendFailure() >= node.Options.MaxConsecutiveFailures)
            {
                TryClose(SseCloseReason.Stale);
                Cut();
                node.GraceSiblings(this, now);
                return now + 1000;
            }
        }

        return _stallsCountedTo + node.FailurePeriodMs;
    }
}
