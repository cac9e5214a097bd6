namespace Resilience.Data;

/// <summary>One statement shape and what is known of it. Thread-safe: counters only.</summary>
internal sealed class QueryShape
{
    private readonly LatencyHistogram _latency = new();
    private long _count;
    private long _errors;
    private long _slow;
    private long _rows;
    private long _maxTicks;

    public QueryShape(string statement, bool isOverflow = false)
    {
        Statement = statement;
        IsOverflow = isOverflow;
        var words = statement.AsSpan().TrimStart('(');
        IsRead = StartsWith(words, "select") || StartsWith(words, "with") || StartsWith(words, "values") || StartsWith(words, "table");
        IsPaging = statement.Contains(" offset ?", StringComparison.Ordinal)
            || (HasLimit(statement) && (statement.Contains("> ?", StringComparison.Ordinal) || statement.Contains("< ?", StringComparison.Ordinal)));
    }

    public string Statement { get; }

    /// <summary>Whether this is the row that further shapes share when the table is full.</summary>
    public bool IsOverflow { get; }

    public bool IsRead { get; }

    /// <summary>Whether it reads page after page: by offset, or from the last key on with a limit.</summary>
    public bool IsPaging { get; }

    public long Count => Interlocked.Read(ref _count);

    public void Add(TimeSpan total, long rows, bool slow, bool failed)
    {
        Interlocked.Increment(ref _count);
        _latency.Add(total);
        if (rows > 0)
        {
            Interlocked.Add(ref _rows, rows);
        }

        if (slow)
        {
            Interlocked.Increment(ref _slow);
        }

        if (failed)
        {
            Interlocked.Increment(ref _errors);
        }

        var max = Interlocked.Read(ref _maxTicks);
        while (total.Ticks > max && Interlocked.CompareExchange(ref _maxTicks, total.Ticks, max) is var seen && seen != max)
        {
            max = seen;
        }
    }

    public QueryStatistics Snapshot() => new(
        Statement, Count, Interlocked.Read(ref _errors), Interlocked.Read(ref _slow), Interlocked.Read(ref _rows),
        _latency.Percentile(0.5), _latency.Percentile(0.95), _latency.Percentile(0.99), TimeSpan.FromTicks(Interlocked.Read(ref _maxTicks)));

    private static bool StartsWith(ReadOnlySpan<char> text, string word) =>
        text.StartsWith(word, StringComparison.Ordinal) && (text.Length == word.Length || !char.IsLetterOrDigit(text[word.Length]));

    private static bool HasLimit(string statement) =>
        statement.Contains(" limit ?", StringComparison.Ordinal) || statement.Contains(" fetch first ?", StringComparison.Ordinal)
        || statement.Contains(" fetch next ?", StringComparison.Ordinal);
}
