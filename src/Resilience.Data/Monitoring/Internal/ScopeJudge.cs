namespace Resilience.Data;

/// <summary>
/// Judges a scope at its end, when all rows have been counted. N+1: a read ran often, with different values, one after the other, and another read before it gave
/// several rows. Duplicate: a read ran often with the same values. Failed runs (retries), overlapping ones (fan-out), pages, batches of a loader and writes are neither.
/// </summary>
internal sealed class ScopeJudge(QueryBudget budget, QueryMonitorOptions options, string scope, IEnumerable<string> allowed)
{
    public ScopeReport Report(IReadOnlyList<ScopeEntry> entries, int count, IReadOnlyList<CapturedQuery> captured)
    {
        var findings = new List<QueryFinding>();
        var sourceSeen = false;
        foreach (var entry in entries)
        {
            if (Judge(entry, sourceSeen) is { } kind && !allowed.Any(part => entry.Shape.Statement.Contains(part, StringComparison.Ordinal)))
            {
                findings.Add(new QueryFinding(kind, entry.Shape.Statement, entry.Count, entry.Total));
            }

            sourceSeen |= entry is { Shape.IsRead: true, Rows: > 1 };
        }

        if (budget.MaxQueries is { } limit && count > limit)
        {
            findings.Add(new QueryFinding(QueryFindingKind.Budget, "", count, TimeSpan.FromTicks(entries.Sum(static e => e.Total.Ticks))));
        }

        return new ScopeReport(
            scope, count, [.. entries.Select(static e => new ScopeStatement(e.Shape.Statement, e.Count, e.Rows, e.Total))], findings, captured);
    }

    private QueryFindingKind? Judge(ScopeEntry entry, bool sourceSeen)
    {
        var repeats = budget.MinRepeats ?? options.MinRepeats;
        if (!entry.Shape.IsRead || entry.Shape.IsOverflow || entry.Total < (budget.MinRepeatTime ?? options.MinRepeatTime))
        {
            return null;
        }

        if (sourceSeen && !entry.Batched && !entry.Overlapped && !entry.Shape.IsPaging && entry.Succeeded >= repeats && entry.DistinctValues >= repeats)
        {
            return QueryFindingKind.NPlusOne;
        }

        return entry.MostRepeats >= repeats ? QueryFindingKind.Duplicate : null;
    }
}
