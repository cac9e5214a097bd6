namespace Resilience.Data;

/// <summary>Randomness for pauses and expiries, not for tokens. Thread-safe: the lock guards the source, and nothing is called under it.</summary>
internal sealed class Jitter(Random random)
{
    private readonly Lock _lock = new();

    public double NextDouble()
    {
        lock (_lock)
        {
            return random.NextDouble();
        }
    }
}
