namespace Resilience.Cleanup;

/// <summary>
/// The rate per source, in a table of fixed size: two counters per source at hashed places, and a source is over its rate when both say so. Sharing one place with a
/// busy source therefore does no harm, and there is no state per source that an attacker could make grow. Each counter is the time until which its rate is used up
/// (a leaky bucket in one number), changed by compare-and-swap. Thread-safe.
/// </summary>
internal sealed class SourceLimiter
{
    private const int Places = 4096;

    private readonly long[] _usedUntil = new long[2 * Places];
    private readonly long _cost;
    private readonly long _tolerance;

    public SourceLimiter(int perSecond, int burst, TimeProvider time)
    {
        _cost = Math.Max(1, time.TimestampFrequency / perSecond);
        _tolerance = _cost * burst;
    }

    /// <summary>Counts one post at this timestamp. True when the source is over its rate.</summary>
    public bool IsOver(CleanupSource source, long now)
    {
        if (source.Hash == 0)
        {
            return false;
        }

        var first = Use((int)(source.Hash >> 1) & (Places - 1), now);
        var second = Use(Places + ((int)(source.Hash >> 33) & (Places - 1)), now);
        return first && second;
    }

    private bool Use(int place, long now)
    {
        while (true)
        {
            var until = Volatile.Read(ref _usedUntil[place]);
            var next = Math.Max(until, now) + _cost;
            if (next - now > _tolerance)
            {
                return true;
            }

            if (Interlocked.CompareExchange(ref _usedUntil[place], next, until) == until)
            {
                return false;
            }
        }
    }
}
