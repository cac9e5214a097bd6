namespace Resilience.Data;

/// <summary>A row, named by its table and by the values of some columns. Immutable.</summary>
public sealed class GuardRow
{
    private GuardRow(string table, IReadOnlyList<(string Column, object Value)> match)
    {
        Table = table;
        Match = match;
    }

    /// <summary>Gets a value that matches when the column is null, such as the time of deletion of a row that was not deleted.</summary>
    public static object Null { get; } = new GuardMatch(static _ => Sql.Of($"IS NULL"));

    internal string Table { get; }

    internal IReadOnlyList<(string Column, object Value)> Match { get; }

    /// <summary>Names a row.</summary>
    /// <param name="table">Table, or <c>schema.table</c>, as the database stores the name.</param>
    /// <param name="match">Columns and the values they must have; a value made by <see cref="OneOf"/> allows several, <see cref="Null"/> asks for none.</param>
    /// <returns>The row.</returns>
    /// <exception cref="ArgumentException">A name is no plain identifier, or there is no column.</exception>
    public static GuardRow Of(string table, params (string Column, object Value)[] match)
    {
        SqlNames.Check(table, nameof(table), table: true);
        ArgumentNullException.ThrowIfNull(match);
        if (match.Length == 0)
        {
            throw new ArgumentException("Name at least one column, or every row of the table would do.", nameof(match));
        }

        foreach (var (column, value) in match)
        {
            SqlNames.Check(column, nameof(match));
            ArgumentNullException.ThrowIfNull(value, nameof(match));
        }

        return new GuardRow(table, [.. match]);
    }

    /// <summary>A value that matches when the column has any of these.</summary>
    /// <typeparam name="T">Type of the column.</typeparam>
    /// <param name="values">The values, at least one.</param>
    /// <returns>What to pass as a value.</returns>
    public static object OneOf<T>(params T[] values)
        where T : notnull
    {
        ArgumentNullException.ThrowIfNull(values);
        return values.Length > 0
            ? new GuardMatch(dialect => Sql.AnyOf(values, dialect))
            : throw new ArgumentException("Give at least one value.", nameof(values));
    }

    internal Sql Condition(SqlDialect dialect)
    {
        var condition = Sql.Of($"(");
        for (var i = 0; i < Match.Count; i++)
        {
            var (column, value) = Match[i];
            var test = value is GuardMatch match ? match.Fragment(dialect) : Sql.Of($"= {value}");
            condition = condition.Append(i == 0 ? Sql.Of($"{SqlNames.Quote(column)} {test}") : Sql.Of($" AND {SqlNames.Quote(column)} {test}"));
        }

        return condition.Append(Sql.Of($")"));
    }
}
