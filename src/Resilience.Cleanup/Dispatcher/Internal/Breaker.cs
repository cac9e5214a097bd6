using Resilience.Shared;

namespace Resilience.Cleanup;

/// <summary>
/// Keeps posts away from a queue that refuses them or has stopped moving. Fed by what the queue itself answers, so that a full queue is a failure although the caller
/// was served; on monotonic time; when its time is over, exactly one post tries. The lock guards all fields and is a leaf.
/// </summary>
internal sealed class Breaker(int threshold, TimeSpan duration, TimeProvider time)
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    private readonly Lock _lock = new();
    private volatile int _state = (int)CleanupBreakerState.Closed;
    private int _refused;
    private long _openedAt;
    private int _doublings;

    public CleanupBreakerState State => (CleanupBreakerState)_state;

    private TimeSpan OpenFor => Backoff.After(_doublings, duration, Longest);

    /// <summary>Whether a post may use the queue. While open, the first one after the time is over may, as a probe.</summary>
    public bool TryPass(out bool probe)
    {
        probe = false;
        if (_state == (int)CleanupBreakerState.Closed)
        {
            return true;
        }

        lock (_lock)
        {
            if (_state == (int)CleanupBreakerState.Closed)
            {
                return true;
            }

            if (_state == (int)CleanupBreakerState.Open && time.GetElapsedTime(_openedAt) >= OpenFor)
            {
                _state = (int)CleanupBreakerState.Probing;
                probe = true;
            }

            return probe;
        }
    }

    /// <summary>The queue took a post. True when that closed the breaker.</summary>
    public bool Accepted(bool probe)
    {
        if (!probe && Volatile.Read(ref _refused) == 0)
        {
            return false;
        }

        lock (_lock)
        {
            _refused = 0;
            if (!probe || _state != (int)CleanupBreakerState.Probing)
            {
                return false;
            }

            _state = (int)CleanupBreakerState.Closed;
            _doublings = 0;
            return true;
        }
    }

    /// <summary>The queue refused a post. True when that opened the breaker.</summary>
    public bool Refused(bool probe)
    {
        lock (_lock)
        {
            _refused++;
            if (probe)
            {
                _doublings++;
                Open();
                return false;
            }

            if (_state == (int)CleanupBreakerState.Closed && _refused >= threshold)
            {
                Open();
                return true;
            }

            return false;
        }
    }

    /// <summary>The oldest item has waited too long. True when that opened the breaker.</summary>
    public bool Backlogged()
    {
        lock (_lock)
        {
            if (_state != (int)CleanupBreakerState.Closed)
            {
                return false;
            }

            Open();
            return true;
        }
    }

    /// <summary>Nothing waits any more. True when that closed the breaker: its time is over, and there is no post to try.</summary>
    public bool Idle()
    {
        if (_state != (int)CleanupBreakerState.Open)
        {
            return false;
        }

        lock (_lock)
        {
            if (_state != (int)CleanupBreakerState.Open || time.GetElapsedTime(_openedAt) < OpenFor)
            {
                return false;
            }

            _state = (int)CleanupBreakerState.Closed;
            _refused = 0;
            _doublings = 0;
            return true;
        }
    }

    private void Open()
    {
        _state = (int)CleanupBreakerState.Open;
        _openedAt = time.GetTimestamp();
    }
}
