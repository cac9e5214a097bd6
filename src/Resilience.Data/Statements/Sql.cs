using System.Data.Common;
using System.Globalization;
using System.Text;

namespace Resilience.Data;

/// <summary>
/// A statement whose values are parameters by construction. There is no way to give it a string that was made at run time: text comes from the programmer's
/// own interpolated string, values from its holes, names of tables and columns from an allowed set.
/// </summary>
/// <remarks>
/// Immutable and safe for concurrent use. Parameters are named <c>@p0</c>, <c>@p1</c>, ... in the order of the holes, which PostgreSQL (Npgsql) and SQLite
/// (Microsoft.Data.Sqlite) both understand. See docs/data.md.
/// </remarks>
/// <example><c>Sql.Of($"UPDATE messages SET text = {text} WHERE id = {id}")</c></example>
public sealed class Sql
{
    private readonly SqlSegment[] _segments;
    private readonly Lazy<string> _text;

    internal Sql(SqlSegment[] segments)
    {
        _segments = segments;
        _text = new Lazy<string>(Render, LazyThreadSafetyMode.PublicationOnly);
    }

    /// <summary>Gets the statement's text, with placeholders where the values go. It never holds a value.</summary>
    public string Text => _text.Value;

    /// <summary>Gets the values by parameter name, without the leading <c>@</c>; Dapper takes this as its parameter object.</summary>
    public IReadOnlyDictionary<string, object?> Parameters
    {
        get
        {
            var result = new Dictionary<string, object?>(StringComparer.Ordinal);
            foreach (var segment in _segments)
            {
                if (segment.Text is null)
                {
                    result.Add(NameOf(result.Count), segment.Value);
                }
            }

            return result;
        }
    }

    internal static Sql Empty { get; } = new([]);

    internal ReadOnlySpan<SqlSegment> Segments => _segments;

    /// <summary>Makes a statement of an interpolated string.</summary>
    /// <param name="statement">The string; each hole becomes a parameter, a hole with a <see cref="Sql"/> becomes a part of the statement.</param>
    /// <returns>The statement.</returns>
    public static Sql Of(SqlHandler statement) => statement.Build();

    /// <summary>Makes a fragment of a table's or column's name that is only known at run time, such as the column to sort by.</summary>
    /// <param name="name">The name as the database stores it; it is compared by ordinal and quoted.</param>
    /// <param name="allowed">The names that may be used.</param>
    /// <returns>The quoted name.</returns>
    /// <exception cref="ArgumentException"><paramref name="name"/> is not one of <paramref name="allowed"/>.</exception>
    public static Sql Identifier(string name, IReadOnlySet<string> allowed)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(allowed);
        if (!allowed.Contains(name))
        {
            throw new ArgumentException($"The name is not allowed here; use one of: {string.Join(", ", allowed.Order(StringComparer.Ordinal))}.", nameof(name));
        }

        return SqlNames.Quote(name);
    }

    /// <summary>Makes the fragment <c>LIKE ... ESCAPE ...</c> that finds <paramref name="text"/> anywhere, with its wildcards taken literally.</summary>
    /// <param name="text">What to look for.</param>
    /// <returns>The fragment, for example in <c>$"WHERE name {Sql.LikeContains(term)}"</c>.</returns>
    public static Sql LikeContains(string text) => Like($"%{SqlNames.EscapeLike(text)}%");

    /// <summary>Makes the fragment <c>LIKE ... ESCAPE ...</c> that finds <paramref name="text"/> at the start, with its wildcards taken literally.</summary>
    /// <param name="text">What to look for.</param>
    /// <returns>The fragment.</returns>
    public static Sql LikeStartsWith(string text) => Like($"{SqlNames.EscapeLike(text)}%");

    /// <summary>
    /// Makes the fragment <c>= ANY(...)</c> (PostgreSQL) or <c>IN (SELECT value FROM json_each(...))</c> (SQLite): one parameter and one statement text for any
    /// number of values, so one plan and one fingerprint.
    /// </summary>
    /// <typeparam name="T">On PostgreSQL whatever the provider takes as an array; on SQLite whole numbers and strings.</typeparam>
    /// <param name="values">The values; none gives a condition that is never true.</param>
    /// <param name="dialect">The database.</param>
    /// <returns>The fragment, for example in <c>$"WHERE id {Sql.AnyOf(ids, dialect)}"</c>.</returns>
    /// <exception cref="ArgumentException"><paramref name="dialect"/> is <see cref="SqlDialect.Auto"/>, or a value cannot be written as JSON.</exception>
    public static Sql AnyOf<T>(IEnumerable<T> values, SqlDialect dialect)
        where T : notnull
    {
        ArgumentNullException.ThrowIfNull(values);
        return dialect switch
        {
            SqlDialect.PostgreSql => Of($"= ANY({values.ToArray()})"),
            SqlDialect.Sqlite => Of($"IN (SELECT value FROM json_each({JsonArray.Of(values)}))"),
            _ => throw new ArgumentException("Name the database: SqlDialect.PostgreSql or SqlDialect.Sqlite.", nameof(dialect)),
        };
    }

    /// <summary>Puts another statement or fragment behind this one; values stay parameters.</summary>
    /// <param name="other">What follows.</param>
    /// <returns>The joined statement.</returns>
    public Sql Append(Sql other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return new Sql([.. _segments, .. other._segments]);
    }

    /// <summary>Makes a command of the statement.</summary>
    /// <param name="connection">The connection to run on.</param>
    /// <param name="transaction">The transaction to take part in, or none.</param>
    /// <returns>The command; the caller disposes it.</returns>
    public DbCommand CreateCommand(DbConnection connection, DbTransaction? transaction = null)
    {
        ArgumentNullException.ThrowIfNull(connection);
        var command = connection.CreateCommand();
        command.Transaction = transaction;
        Fill(command);
        return command;
    }

    /// <summary>Makes a command that opens and closes a connection by itself.</summary>
    /// <param name="source">The source of connections.</param>
    /// <returns>The command; the caller disposes it.</returns>
    public DbCommand CreateCommand(DbDataSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        var command = source.CreateCommand();
        Fill(command);
        return command;
    }

    /// <summary>Gives <see cref="Text"/>: never a value.</summary>
    /// <returns>The text.</returns>
    public override string ToString() => Text;

    private static string NameOf(int index) => string.Create(CultureInfo.InvariantCulture, $"p{index}");

    private static Sql Like(string pattern) => Of($"LIKE {pattern} ESCAPE '!'");

    private void Fill(DbCommand command)
    {
        command.CommandText = Text;
        var index = 0;
        foreach (var segment in _segments)
        {
            if (segment.Text is null)
            {
                var parameter = command.CreateParameter();
                parameter.ParameterName = NameOf(index++);
                parameter.Value = segment.Value ?? DBNull.Value;
                command.Parameters.Add(parameter);
            }
        }
    }

    private string Render()
    {
        var text = new StringBuilder();
        var index = 0;
        foreach (var segment in _segments)
        {
            _ = segment.Text is { } literal ? text.Append(literal) : text.Append('@').Append(NameOf(index++));
        }

        return text.ToString();
    }
}
