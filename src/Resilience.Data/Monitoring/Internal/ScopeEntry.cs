namespace Resilience.Data;

/// <summary>What a scope knows of one shape. Guarded by the scope's lock.</summary>
internal sealed class ScopeEntry(QueryShape shape, int order)
{
    /// <summary>Beyond this many different values it is only known that there are many.</summary>
    private const int MaxValues = 1_024;

    private readonly Dictionary<long, int> _values = [];
    private long _lastEnd = long.MinValue;

    public QueryShape Shape { get; } = shape;

    public int Order { get; } = order;

    public int Count { get; private set; }

    public int Succeeded { get; private set; }

    public bool Overlapped { get; private set; }

    /// <summary>Whether a batch loader ran it for several keys.</summary>
    public bool Batched { get; private set; }

    public long Rows { get; private set; }

    public TimeSpan Total { get; private set; }

    public int DistinctValues => _values.Count;

    public int MostRepeats { get; private set; }

    public void Add(long values, long start, long end, TimeSpan duration, bool failed, int statements, bool batched)
    {
        Count += statements;
        Total += duration;
        Batched |= batched;
        Overlapped |= start < _lastEnd;
        _lastEnd = Math.Max(_lastEnd, end);
        if (failed)
        {
            return;
        }

        Succeeded++;
        if (_values.TryGetValue(values, out var seen) || _values.Count < MaxValues)
        {
            _values[values] = seen + 1;
            MostRepeats = Math.Max(MostRepeats, seen + 1);
        }
    }

    public void AddRows(long rows, TimeSpan reading)
    {
        Rows += Math.Max(0, rows);
        Total += reading;
    }
}
