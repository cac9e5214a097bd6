using System.Data.Common;
using System.Globalization;
using Resilience.Shared;

namespace Resilience.Data.Testing;

/// <summary>Unused indexes by the server's statistics.</summary>
internal static class PostgreSqlIndexes
{
    /// <summary>The age is a lower bound: since the statistics were reset, or since the server started.</summary>
    private const string Age = """
        SELECT extract(epoch FROM clock_timestamp() - coalesce((SELECT stats_reset FROM pg_stat_database WHERE datname = current_database()), pg_postmaster_start_time()))::float8
        """;

    private const string Unused = """
        SELECT s.relname, s.indexrelname, pg_relation_size(s.indexrelid)
        FROM pg_stat_user_indexes s JOIN pg_index i ON i.indexrelid = s.indexrelid
        WHERE s.idx_scan = 0 AND NOT i.indisunique AND NOT i.indisprimary AND NOT i.indisexclusion AND NOT i.indisreplident
          AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = i.indexrelid)
          AND NOT EXISTS (
            SELECT 1 FROM pg_constraint c
            WHERE c.contype = 'f' AND c.conrelid = i.indrelid AND (i.indkey::int2[])[0:cardinality(c.conkey) - 1] @> c.conkey)
        ORDER BY 3 DESC, 1, 2
        """;

    public static async Task<UnusedIndexReport> FindUnusedAsync(DbConnection connection, UnusedIndexOptions options, CancellationToken cancellationToken)
    {
        var age = TimeSpan.FromSeconds(Convert.ToDouble(
            (await Plain.QueryAsync(connection, null, Age, null, cancellationToken).ConfigureAwait(Systematic.KeepContext))[0][0], CultureInfo.InvariantCulture));
        if (age < options.MinimumAge)
        {
            return new UnusedIndexReport(false, $"Insufficient data: the server has counted for {age}, and {options.MinimumAge} is asked for.", []);
        }

        var rows = await Plain.QueryAsync(connection, null, Unused, null, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        return new UnusedIndexReport(
            true,
            $"The server has counted for at least {age}. Replicas keep statistics of their own: ask each before an index is dropped.",
            [.. rows.Select(static r => new UnusedIndex((string)r[0], (string)r[1], Convert.ToInt64(r[2], CultureInfo.InvariantCulture))).Where(i => i.Bytes >= options.MinimumBytes)]);
    }
}
