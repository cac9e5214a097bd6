namespace Resilience.Queues;

/// <summary>
/// The right of a process to run one suspect of a queue at a time. It is reserved for the time of a claim, held while a suspect is being handled, and comes back
/// with the settlement or, when nobody settles, with the end of the lease. Thread-safe; the lock guards all fields.
/// </summary>
internal sealed class SuspectSlot(TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly long _start = time.GetTimestamp();
    private bool _reserved;
    private long _token;
    private long _until;

    private long Now => time.GetElapsedTime(_start).Ticks;

    /// <summary>Reserves the slot for a claim; otherwise says when it will be free at the latest.</summary>
    public bool TryReserve(out TimeSpan freeIn)
    {
        lock (_gate)
        {
            var left = _until - Now;
            if (_reserved || (_token != 0 && left > 0))
            {
                freeIn = TimeSpan.FromTicks(Math.Max(left, TimeSpan.TicksPerMillisecond));
                return false;
            }

            freeIn = TimeSpan.Zero;
            return _reserved = true;
        }
    }

    /// <summary>Ends a reservation: with the token of the suspect that was claimed, or zero.</summary>
    public void Confirm(long token, TimeSpan lease)
    {
        lock (_gate)
        {
            _reserved = false;
            _token = token;
            _until = token == 0 ? 0 : Now + lease.Ticks;
        }
    }

    public void Extend(long token, TimeSpan lease)
    {
        lock (_gate)
        {
            if (_token == token)
            {
                _until = Now + lease.Ticks;
            }
        }
    }

    /// <summary>Frees the slot after a settlement; says whether this token held it.</summary>
    public bool Free(long token)
    {
        lock (_gate)
        {
            if (_token != token || token == 0)
            {
                return false;
            }

            _token = 0;
            return true;
        }
    }
}
