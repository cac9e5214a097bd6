using System.Data.Common;
using System.Globalization;
using Resilience.Shared;

namespace Resilience.Data.Testing;

/// <summary>A step that reads a table.</summary>
/// <param name="Table">The table.</param>
/// <param name="Index">The index, or null.</param>
/// <param name="Seeks">Whether it seeks by a condition of the index; an index that is read as a whole is no use.</param>
internal sealed record PlanStep(string? Table, string? Index, bool Seeks)
{
    /// <summary>Whether every row of the table is looked at.</summary>
    public bool IsFullScan => !Seeks;
}

/// <summary>How a database would run a statement.</summary>
internal sealed record QueryPlan(string Text, IReadOnlyList<PlanStep> Steps)
{
    public static async Task<QueryPlan> OfAsync(DbDataSource source, CapturedQuery query, PlanKind kind, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        var connection = await Plain.OpenAsync(source, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        await using (connection.ConfigureAwait(Systematic.KeepContext))
        {
            return DbProvider.IsSqlite(connection)
                ? await OfSqliteAsync(connection, query, cancellationToken).ConfigureAwait(Systematic.KeepContext)
                : await OfPostgreSqlAsync(connection, query, kind, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        }
    }

    /// <summary>Why the plan does not do, or null.</summary>
    public string? Problem(string? index)
    {
        if (index is not null)
        {
            return Steps.Any(s => s.Seeks && string.Equals(s.Index, index, StringComparison.OrdinalIgnoreCase))
                ? null
                : $"The index {index} cannot be used to seek.";
        }

        var scan = Steps.FirstOrDefault(static s => s.IsFullScan);
        return scan is not null ? $"The table {scan.Table} would be read as a whole."
            : Steps.Count == 0 ? "The plan reads no table."
            : null;
    }

    private static async Task<QueryPlan> OfPostgreSqlAsync(DbConnection connection, CapturedQuery query, PlanKind kind, CancellationToken cancellationToken)
    {
        var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        await using (transaction.ConfigureAwait(Systematic.KeepContext))
        {
            if (kind != PlanKind.Actual)
            {
                await Plain.QueryAsync(connection, transaction, "SET LOCAL enable_seqscan = off", null, cancellationToken).ConfigureAwait(Systematic.KeepContext);
            }

            var plans = new List<string>();
            foreach (var statement in SqlStatements.In(query.Text))
            {
                var rows = kind == PlanKind.Generic
                    ? await ExplainPreparedAsync(connection, transaction, statement, query, cancellationToken).ConfigureAwait(Systematic.KeepContext)
                    : await Plain.QueryAsync(connection, transaction, $"EXPLAIN (FORMAT JSON) {statement}", query, cancellationToken).ConfigureAwait(Systematic.KeepContext);
                plans.Add(string.Concat(rows.Select(static r => Convert.ToString(r[0], CultureInfo.InvariantCulture))));
            }

            await transaction.RollbackAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
            return new QueryPlan(string.Join(Environment.NewLine, plans), [.. plans.SelectMany(PostgreSqlPlan.Steps)]);
        }
    }

    /// <summary>A prepared statement outlives the transaction: it is given back at once. When the server refuses one of the steps, the transaction is over.</summary>
    private static async Task<List<object[]>> ExplainPreparedAsync(DbConnection connection, DbTransaction transaction, string statement, CapturedQuery query, CancellationToken cancellationToken)
    {
        const string Name = "resilience_index_assert";
        var scratch = connection.CreateCommand();
        PreparedText prepared;
        await using (scratch.ConfigureAwait(Systematic.KeepContext))
        {
            prepared = PreparedText.Of(statement, query, scratch);
        }

        await Plain.QueryAsync(connection, transaction, "SET LOCAL plan_cache_mode = force_generic_plan", null, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        await Plain.QueryAsync(connection, transaction, $"PREPARE {Name} {prepared.Types} AS {prepared.Text}", null, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        var rows = await Plain.QueryAsync(connection, transaction, $"EXPLAIN (FORMAT JSON) EXECUTE {Name} {prepared.Nulls}", null, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        await Plain.QueryAsync(connection, transaction, $"DEALLOCATE {Name}", null, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        return rows;
    }

    private static async Task<QueryPlan> OfSqliteAsync(DbConnection connection, CapturedQuery query, CancellationToken cancellationToken)
    {
        var lines = new List<string>();
        foreach (var statement in SqlStatements.In(query.Text))
        {
            var rows = await Plain.QueryAsync(connection, null, $"EXPLAIN QUERY PLAN {statement}", query, cancellationToken).ConfigureAwait(Systematic.KeepContext);
            lines.AddRange(rows.Select(static r => Convert.ToString(r[3], CultureInfo.InvariantCulture)!));
        }

        return new QueryPlan(string.Join(Environment.NewLine, lines), [.. lines.Select(SqlitePlan.Step).OfType<PlanStep>()]);
    }
}
