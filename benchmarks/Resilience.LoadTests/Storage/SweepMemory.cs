using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Resilience.Benchmarks;
using Resilience.Storage;
using Resilience.TestKit;

namespace Resilience.LoadTests.Storage;

/// <summary>A sweep of many names against as many records: time per name, memory above the start, files that were looked at.</summary>
internal sealed class SweepMemory : ILoadTest
{
    public string Question => "What do a name and a sweep cost, from 1,000 to 1,000,000 names against as many records, beside a set of all paths in memory?";

    public async Task<LoadTestResult> RunAsync(CancellationToken cancellationToken)
    {
        var rows = new List<ResultRow>();
        var looks = 0;
        foreach (var count in (int[])[1_000, 100_000, 1_000_000])
        {
            using var file = new SqliteFile();
            Fill(file, count);
            var store = new NamesOnly(count);
            var services = new ServiceCollection();
            services.AddLogging();
            services.AddMetrics();
            services.AddTransactionalFileDeletion()
                .UseDatabase(_ => SqliteFile.CreateDataSource(file.ConnectionString))
                .UseTable("attachments", static t => t.PendingColumn = "pending_delete")
                .UseFiles(_ => store)
                .AllowAnyUser()
                .AddOrphanSweeper(static o => (o.Retention, o.RequireMarker) = (TimeSpan.Zero, false));
            await using var provider = services.BuildServiceProvider();
            var sweeper = provider.GetRequiredService<IOrphanSweeper>();
            await provider.GetRequiredService<IFileDeletionService>().RecoverAsync(cancellationToken);

            var before = GC.GetTotalMemory(forceFullCollection: true);
            long peak = 0;
            store.OnChunk = () => peak = Math.Max(peak, GC.GetTotalMemory(forceFullCollection: false) - before);
            var started = TimeProvider.System.GetTimestamp();
            var report = await sweeper.RunAsync(cancellationToken: cancellationToken);
            var elapsed = TimeProvider.System.GetElapsedTime(started);
            if (report.Outcome != SweepOutcome.Completed || report.Scanned != count)
            {
                throw new InvalidOperationException(report.ToString());
            }

            looks += store.Looks;
            var setBytes = SetOfAllPaths(count);
            rows.Add(new($"Resilience, {count:N0} names", elapsed.TotalMicroseconds / count, "us/name"));
            rows.Add(new($"Resilience, {count:N0} names, memory above the start", peak / 1048576.0, "MB", (double)peak / setBytes));
            rows.Add(new($"a set of all paths, {count:N0} names", setBytes / 1048576.0, "MB", 1));
        }

        return new LoadTestResult(rows, $"Files that were looked at (stat): {looks}. The names come from a listing that touches no disk; the records are in SQLite. Memory is the managed heap, garbage not yet collected included.");
    }

    private static void Fill(SqliteFile file, int count)
    {
        using var connection = file.Open();
        using var transaction = connection.BeginTransaction();
        using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = """
            CREATE TABLE attachments (id TEXT PRIMARY KEY, path TEXT NOT NULL, pending_delete TEXT);
            WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < $count)
            INSERT INTO attachments (id, path) SELECT i, printf('%02x/%08d.bin', i % 256, i) FROM n;
            CREATE INDEX attachments_path ON attachments (path);
            """;
        command.Parameters.AddWithValue("$count", count);
        command.ExecuteNonQuery();
        transaction.Commit();
    }

    private static string NameOf(int i) => string.Create(CultureInfo.InvariantCulture, $"{i % 256:x2}/{i:D8}.bin");

    private static long SetOfAllPaths(int count)
    {
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var all = Enumerable.Range(0, count).Select(NameOf).ToHashSet(StringComparer.Ordinal);
        var bytes = GC.GetTotalMemory(forceFullCollection: true) - before;
        GC.KeepAlive(all);
        return bytes;
    }

    private sealed class NamesOnly(int count) : IDeletableStore
    {
        public Action? OnChunk { get; set; }

        public int Looks { get; private set; }

        public ValueTask<FileProbe> ProbeAsync(string path, CancellationToken cancellationToken)
        {
            Looks++;
            return new(FileProbe.Missing);
        }

        public ValueTask<FileRemoval> DeleteAsync(string path, FileIdentity expected, CancellationToken cancellationToken) => new(FileRemoval.Missing);

        public ValueTask FlushAsync(IReadOnlyCollection<string> paths, CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public async IAsyncEnumerable<string> ListAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
        {
            for (var i = 0; i < count; i++)
            {
                if (i % 1000 == 0)
                {
                    OnChunk?.Invoke();
                    await Task.Yield();
                }

                yield return NameOf(i);
            }
        }
    }
}
