using System.Numerics;

namespace Resilience.Data;

/// <summary>Counts durations in buckets that grow by a quarter of a doubling each, from 1 us to about 70 s. Thread-safe; a percentile read meanwhile may miss the newest.</summary>
internal sealed class LatencyHistogram
{
    private const int PerOctave = 4;
    private readonly int[] _buckets = new int[PerOctave * 27];

    public void Add(TimeSpan duration) => Interlocked.Increment(ref _buckets[IndexOf((ulong)Math.Max(1, duration.TotalMicroseconds))]);

    public TimeSpan Percentile(double share)
    {
        var total = 0L;
        foreach (var count in _buckets)
        {
            total += count;
        }

        var rank = Math.Max(1, (long)Math.Ceiling(total * share));
        var seen = 0L;
        for (var i = 0; i < _buckets.Length && total > 0; i++)
        {
            seen += _buckets[i];
            if (seen >= rank)
            {
                return TimeSpan.FromMicroseconds(UpperBoundOf(i));
            }
        }

        return TimeSpan.Zero;
    }

    private static int IndexOf(ulong microseconds)
    {
        var octave = BitOperations.Log2(microseconds);
        var part = octave < 2 ? (int)((microseconds << 2) >> octave) & 3 : (int)(microseconds >> (octave - 2)) & 3;
        return Math.Min((octave * PerOctave) + part, (PerOctave * 27) - 1);
    }

    private static double UpperBoundOf(int index) => Math.Pow(2, index / PerOctave) * (1 + (((index % PerOctave) + 1) / (double)PerOctave));
}
