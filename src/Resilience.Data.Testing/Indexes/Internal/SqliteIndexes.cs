using System.Data.Common;
using System.Globalization;
using Resilience.Shared;

namespace Resilience.Data.Testing;

/// <summary>SQLite counts nothing: an index is unused when no plan of the captured commands names it.</summary>
internal static class SqliteIndexes
{
    private const string Candidates = """
        SELECT t.name, l.name FROM sqlite_master t JOIN pragma_index_list(t.name) l
        WHERE t.type = 'table' AND l."unique" = 0 AND l.origin = 'c'
          AND NOT EXISTS (
            SELECT 1 FROM pragma_foreign_key_list(t.name) f JOIN pragma_index_info(l.name) i ON i.seqno = 0 AND i.name = f."from")
        ORDER BY 1, 2
        """;

    public static async Task<UnusedIndexReport> FindUnusedAsync(
        DbDataSource source, DbConnection connection, IEnumerable<CapturedQuery> queries, CancellationToken cancellationToken)
    {
        var used = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        var distinct = queries.DistinctBy(static q => q.Text).ToList();
        foreach (var query in distinct)
        {
            var plan = await QueryPlan.OfAsync(source, query, PlanKind.ScansDiscouraged, cancellationToken).ConfigureAwait(Systematic.KeepContext);
            used.UnionWith(plan.Steps.Where(static s => s.Seeks).Select(static s => s.Index).OfType<string>());
        }

        var rows = await Plain.QueryAsync(connection, null, Candidates, null, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        return new UnusedIndexReport(
            distinct.Count > 0,
            string.Create(CultureInfo.InvariantCulture, $"By the plans of {distinct.Count} captured statements; what they do not cover is not known."),
            [.. rows.Select(static r => new UnusedIndex((string)r[0], (string)r[1], 0)).Where(i => !used.Contains(i.Name))]);
    }
}
