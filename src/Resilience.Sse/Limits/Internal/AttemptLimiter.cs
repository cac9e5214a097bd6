namespace Resilience.Sse;

/// <summary>
/// The rate of attempts per key in a table of fixed size: four rows of cells, each key has one cell in each row, and the emptiest of its cells decides. So a flood
/// of keys takes no memory, and two keys hinder each other only when they share a cell in every row. A cell is the time up to which its tokens are used. Thread-safe.
/// </summary>
internal sealed class AttemptLimiter
{
    private const int Rows = 4;
    private const int Columns = 4096;

    private readonly Lock _gate = new();
    private readonly double[] _usedUntil = new double[Rows * Columns];
    private readonly double _interval;
    private readonly double _tolerance;

    public AttemptLimiter(double perSecond, int burst)
    {
        _interval = 1000 / perSecond;
        _tolerance = _interval * (burst - 1);
    }

    /// <summary>Takes a token, or says in how many milliseconds there is one.</summary>
    public bool TryTake(string key, long now, out long retryAfter)
    {
        // string.GetHashCode has a random seed per process: nobody can choose keys that share cells.
        var hash = (ulong)(uint)key.GetHashCode() * 0x9E3779B97F4A7C15UL;
        hash ^= hash >> 29;
        lock (_gate)
        {
            var used = double.MaxValue;
            for (var row = 0; row < Rows; row++)
            {
                used = Math.Min(used, Cell(row, hash));
            }

            used = Math.Max(used, now);
            var wait = used - _tolerance - now;
            if (wait > 0)
            {
                retryAfter = (long)Math.Ceiling(wait);
                return false;
            }

            // Only cells that say less are raised: the others are fuller because of somebody else.
            for (var row = 0; row < Rows; row++)
            {
                ref var cell = ref Cell(row, hash);
                cell = Math.Max(cell, used + _interval);
            }
        }

        retryAfter = 0;
        return true;
    }

    private ref double Cell(int row, ulong hash) => ref _usedUntil[(row * Columns) + (int)((hash >> (row * 12)) % Columns)];
}
