namespace Resilience.Sse;

/// <summary>What is kept and for how long: per channel by count, bytes and age, over all by bytes. The oldest goes first.</summary>
internal sealed partial class SseHub
{
    private const int EvictedAtOnce = 4096;

    /// <summary>Lets go what is too old. Called by the wheel; the lock is released between portions.</summary>
    public void Trim()
    {
        var before = clock.Now - Limits.AgeMilliseconds;
        bool more;
        do
        {
            lock (_gate)
            {
                more = EvictOlderThan(before);
            }
        }
        while (more);
    }

    private bool EvictOlderThan(long before)
    {
        for (var i = 0; i < EvictedAtOnce; i++)
        {
            if (_oldest is null || _oldest.AppendedAt > before)
            {
                return false;
            }

            Evict(_oldest.Channel);
        }

        return true;
    }

    private void Enforce(ChannelLog log)
    {
        while (log.Count > Limits.EventsPerChannel || (log.Bytes > Limits.BytesPerChannel && log.Count > 1))
        {
            Evict(log);
        }

        // The newest frame always stays: a reader must be able to get what was just accepted.
        while (_bytes > Limits.TotalBytes && _oldest is { } oldest && oldest != _newest)
        {
            Evict(oldest.Channel);
        }
    }

    private void Evict(ChannelLog log)
    {
        Unlink(log.EvictOldest());
        _evicted++;
        RetireIfIdle(log);
    }

    private void Link(SseFrame frame)
    {
        frame.Older = _newest;
        if (_newest is null)
        {
            _oldest = frame;
        }
        else
        {
            _newest.Newer = frame;
        }

        _newest = frame;
        _bytes += frame.Cost;
    }

    private void Unlink(SseFrame frame)
    {
        if (frame.Older is null)
        {
            _oldest = frame.Newer;
        }
        else
        {
            frame.Older.Newer = frame.Newer;
        }

        if (frame.Newer is null)
        {
            _newest = frame.Older;
        }
        else
        {
            frame.Newer.Older = frame.Older;
        }

        // A reader in the middle of a frame may keep it for a while: it must not keep its neighbours.
        frame.Older = frame.Newer = null;
        _bytes -= frame.Cost;
    }

    /// <summary>
    /// A channel without frames and subscribers is kept for its mark of what it lost. Of these a bounded number stays; the mark of one that is forgotten is raised
    /// to the floor for channels that appear later, so that a client may be told of a gap that was none, and never the reverse.
    /// </summary>
    private void RetireIfIdle(ChannelLog log)
    {
        if (log.IdleNode is not null || !log.IsIdle)
        {
            return;
        }

        log.IdleNode = _idle.AddLast(log);
        if (_idle.Count > Limits.IdleChannels)
        {
            var forgotten = _idle.First!.Value;
            _idle.RemoveFirst();
            forgotten.IdleNode = null;
            _channels.Remove(forgotten.Name);
            _forgottenThrough = Math.Max(_forgottenThrough, forgotten.LostThrough);
        }
    }
}
