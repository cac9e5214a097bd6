namespace Resilience.Shared;

/// <summary>The delays between attempts: exponential with a ceiling. Jitter, when asked for, only shortens a delay.</summary>
internal static class Backoff
{
    /// <summary>The delay after the n-th failure, counted from zero: <c>min(first * 2^n, ceiling)</c>.</summary>
    /// <param name="failure">Number of failures before this one; 0 or more.</param>
    /// <param name="first">Delay after the first failure.</param>
    /// <param name="ceiling">The longest delay.</param>
    public static TimeSpan After(int failure, TimeSpan first, TimeSpan ceiling)
    {
        // 2^40 times any useful delay is beyond any ceiling, and the product still fits.
        var factor = 1L << Math.Min(failure, 40);
        return first.Ticks > ceiling.Ticks / factor ? ceiling : TimeSpan.FromTicks(first.Ticks * factor);
    }

    /// <summary>Shortens a delay by a random part of at most <paramref name="fraction"/>.</summary>
    /// <param name="delay">The delay without jitter.</param>
    /// <param name="fraction">0 (none) to 1.</param>
    /// <param name="random">The source of randomness; used by one thread at a time.</param>
    public static TimeSpan WithJitter(TimeSpan delay, double fraction, Random random) =>
        fraction <= 0 ? delay : delay * (1 - (random.NextDouble() * fraction));
}
