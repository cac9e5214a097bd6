namespace Resilience.Sse;

/// <summary>Monotonic milliseconds and jitter, both from injected sources. Thread-safe; the lock guards the source of randomness.</summary>
internal sealed class SseClock(TimeProvider time, Random random)
{
    private readonly long _start = time.GetTimestamp();
    private readonly Lock _gate = new();

    public TimeProvider Time { get; } = time;

    /// <summary>Milliseconds since the manager was made; never goes back.</summary>
    public long Now => (long)Time.GetElapsedTime(_start).TotalMilliseconds;

    public DateTimeOffset UtcNow => Time.GetUtcNow();

    /// <summary>The wall-clock time of a monotonic moment.</summary>
    public DateTimeOffset At(long milliseconds) => UtcNow.AddMilliseconds(milliseconds - Now);

    /// <summary>A number from 0 to below <paramref name="limit"/>.</summary>
    public int Next(int limit)
    {
        lock (_gate)
        {
            return random.Next(limit);
        }
    }

    /// <summary>Shortens a time by a random part of at most <paramref name="fraction"/>.</summary>
    public TimeSpan Shorten(TimeSpan value, double fraction)
    {
        if (fraction <= 0)
        {
            return value;
        }

        lock (_gate)
        {
            return value * (1 - (random.NextDouble() * fraction));
        }
    }

    public string NewEpochText()
    {
        lock (_gate)
        {
            return HubEpoch.Create(random).Text;
        }
    }
}
