using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Text;

namespace Resilience.Data;

/// <summary>
/// Takes an interpolated string apart for <see cref="Sql.Of"/>: what is written becomes text, what stands in a hole becomes a parameter. Used by the compiler;
/// do not call it yourself. Belongs to one thread.
/// </summary>
[InterpolatedStringHandler]
[EditorBrowsable(EditorBrowsableState.Never)]
public ref struct SqlHandler
{
    private readonly List<SqlSegment> _segments;
    private readonly StringBuilder _literal;

    /// <summary>Starts a statement.</summary>
    /// <param name="literalLength">Characters of written text.</param>
    /// <param name="formattedCount">Number of holes.</param>
    public SqlHandler(int literalLength, int formattedCount)
    {
        _segments = new List<SqlSegment>((formattedCount * 2) + 1);
        _literal = new StringBuilder(literalLength);
    }

    /// <summary>Adds text that the programmer wrote.</summary>
    /// <param name="literal">A constant: the compiler's analysis warns (CA1857) when it is anything else.</param>
    public readonly void AppendLiteral([ConstantExpected] string literal) => _literal.Append(literal);

    /// <summary>Adds a value as a parameter, or a fragment as a part of the statement.</summary>
    /// <typeparam name="T">Type of the value.</typeparam>
    /// <param name="value">The value of the hole; <see langword="null"/> is the database's null.</param>
    public readonly void AppendFormatted<T>(T value)
    {
        if (value is Sql fragment)
        {
            AppendFormatted(fragment);
            return;
        }

        Flush();
        _segments.Add(SqlSegment.Parameter(value));
    }

    /// <summary>Adds a fragment as a part of the statement.</summary>
    /// <param name="fragment">A fragment made by <see cref="Sql"/>.</param>
    /// <exception cref="ArgumentNullException"><paramref name="fragment"/> is null.</exception>
    public readonly void AppendFormatted(Sql fragment)
    {
        ArgumentNullException.ThrowIfNull(fragment);
        Flush();
        _segments.AddRange(fragment.Segments);
    }

    internal readonly Sql Build()
    {
        if (_segments is null)
        {
            return Sql.Empty;
        }

        Flush();
        return new Sql([.. _segments]);
    }

    private readonly void Flush()
    {
        if (_literal.Length > 0)
        {
            _segments.Add(SqlSegment.Literal(_literal.ToString()));
            _literal.Clear();
        }
    }
}
