using System.Collections.Concurrent;

namespace Resilience.Data;

/// <summary>Finds the shape of a text. Thread-safe. Bounded: beyond the bound shapes share one row, and texts are worked out anew each time.</summary>
internal sealed class ShapeTable(int limit)
{
    private const int LongText = 8_192;

    private readonly ConcurrentDictionary<string, QueryShape> _byText = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, QueryShape> _byStatement = new(StringComparer.Ordinal);
    private int _texts;
    private int _statements;

    public QueryShape Overflow { get; } = new("(other statements)", isOverflow: true);

    public IEnumerable<QueryShape> All => _byStatement.Values.Append(Overflow).Where(static s => s.Count > 0);

    public QueryShape Of(string text) => _byText.TryGetValue(text, out var shape) ? shape : Find(text);

    private QueryShape Find(string text)
    {
        var statement = SqlShape.Of(text);
        if (!_byStatement.TryGetValue(statement, out var shape))
        {
            if (Interlocked.Increment(ref _statements) > limit)
            {
                Interlocked.Decrement(ref _statements);
                return Overflow;
            }

            var added = new QueryShape(statement);
            shape = _byStatement.GetOrAdd(statement, added);
            if (!ReferenceEquals(shape, added))
            {
                Interlocked.Decrement(ref _statements);
            }
        }

        // Literals in the text make a new text each time: they must not fill the memory.
        if (text.Length <= LongText && Volatile.Read(ref _texts) < 2 * limit && _byText.TryAdd(text, shape))
        {
            Interlocked.Increment(ref _texts);
        }

        return shape;
    }
}
