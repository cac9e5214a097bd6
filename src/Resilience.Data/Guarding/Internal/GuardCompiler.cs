using System.Data;
using System.Globalization;

namespace Resilience.Data;

/// <summary>
/// Turns a plan into statements in lock order. Invariant: any two transactions lock the tables they share in the same order, and the rows of a table in the
/// order of its key, each row once and with its final mode, so no lock is ever upgraded.
/// </summary>
internal static class GuardCompiler
{
    public static CompiledGuard Compile(GuardPlan plan, GuardedTransactionOptions options, SqlDialect dialect)
    {
        if (plan.Forbidden.Count > 0 && plan.Isolation != IsolationLevel.ReadCommitted)
        {
            throw new InvalidOperationException(
                $"The plan forbids a row at {plan.Isolation}, where the snapshot is older than the locks; use ReadCommitted or require a row instead.");
        }

        var needs = plan.Requirements.Select(static r => new GuardNeed(r.MinimumRows, r.Otherwise)).ToList();
        var statements = new List<GuardStatement>();
        foreach (var table in Tables(plan, options))
        {
            AddRows(plan, options, dialect, table, statements);
            AddQueries(plan, dialect, table, needs, statements);
        }

        foreach (var row in plan.Forbidden)
        {
            var need = new GuardNeed(1, GuardOutcome.Denied, Forbidden: true);
            statements.Add(new GuardStatement(Sql.Of($"SELECT 1 FROM {SqlNames.QuoteTable(row.Table)} WHERE {row.Condition(dialect)} LIMIT 1"), [needs.Count]));
            needs.Add(need);
        }

        return new CompiledGuard(statements, needs);
    }

    private static IEnumerable<string> Tables(GuardPlan plan, GuardedTransactionOptions options)
    {
        var named = plan.Requirements.SelectMany(static r => r.Rows).Select(static r => r.Table).Concat(plan.Queries.Select(static q => q.Table));
        var rank = options.LockOrder.Select(static (table, index) => (table.Name, index)).ToDictionary(static p => p.Name, static p => p.index, StringComparer.Ordinal);
        return named.Distinct(StringComparer.Ordinal).OrderBy(RankOf).ThenBy(static t => t, StringComparer.Ordinal);

        int RankOf(string table) => rank.Count == 0 ? 0 : rank.TryGetValue(table, out var index) ? index : throw new InvalidOperationException(
            $"The table '{table}' is not in LockOrder ({string.Join(", ", rank.Keys)}); add it there, so that every transaction locks it in the same order.");
    }

    private static void AddRows(GuardPlan plan, GuardedTransactionOptions options, SqlDialect dialect, string table, List<GuardStatement> statements)
    {
        var rows = plan.Requirements
            .SelectMany(static (r, index) => r.Rows.Select(row => (Row: row, r.Mode, Need: index)))
            .Where(p => p.Row.Table == table)
            .ToList();
        if (rows.Count == 0)
        {
            return;
        }

        var conditions = rows.Select(p => p.Row.Condition(dialect)).ToList();
        var select = Sql.Of($"SELECT ");
        var where = Sql.Empty;
        for (var i = 0; i < conditions.Count; i++)
        {
            // With one condition every row answers it. With several, each row says which of them it meets.
            var flag = conditions.Count == 1 ? Sql.Of($"1") : Sql.Of($"CASE WHEN {conditions[i]} THEN 1 ELSE 0 END");
            select = i == 0 ? select.Append(flag) : select.Append(Sql.Of($", {flag}"));
            where = i == 0 ? conditions[i] : where.Append(Sql.Of($" OR {conditions[i]}"));
        }

        var statement = Sql.Of($"{select} FROM {SqlNames.QuoteTable(table)} WHERE {where} ORDER BY {OrderOf(options, table, rows.Select(static p => p.Row))}");
        statements.Add(new GuardStatement(statement.Append(LockClause(rows.Max(static p => p.Mode), null, dialect)), [.. rows.Select(static p => p.Need)]));
    }

    private static void AddQueries(GuardPlan plan, SqlDialect dialect, string table, List<GuardNeed> needs, List<GuardStatement> statements)
    {
        foreach (var query in plan.Queries.Where(q => q.Table == table))
        {
            statements.Add(new GuardStatement(query.Query.Append(LockClause(query.Mode, query.LockAlias, dialect)), [needs.Count]));
            needs.Add(new GuardNeed(1, GuardOutcome.Denied));
        }
    }

    private static Sql OrderOf(GuardedTransactionOptions options, string table, IEnumerable<GuardRow> rows)
    {
        var declared = options.LockOrder.FirstOrDefault(t => t.Name == table)?.Key;
        var columns = declared ?? [.. rows.SelectMany(static r => r.Match).Select(static m => m.Column).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        return columns.Select(SqlNames.Quote).Aggregate(static (left, right) => Sql.Of($"{left}, {right}"));
    }

    private static Sql LockClause(LockMode mode, string? alias, SqlDialect dialect)
    {
        if (dialect != SqlDialect.PostgreSql)
        {
            return Sql.Empty;
        }

        var clause = mode switch
        {
            LockMode.Share => Sql.Of($" FOR SHARE"),
            LockMode.NoKeyUpdate => Sql.Of($" FOR NO KEY UPDATE"),
            LockMode.Update => Sql.Of($" FOR UPDATE"),
            _ => throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"Unknown lock mode {(int)mode}.")),
        };
        return alias is null ? clause : Sql.Of($"{clause} OF {SqlNames.Quote(alias)}");
    }
}
