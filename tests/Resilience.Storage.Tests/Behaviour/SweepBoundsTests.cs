using System.Data.Common;
using Microsoft.Extensions.DependencyInjection;
using Resilience.Storage.Tests.Support;

namespace Resilience.Storage.Tests.Behaviour;

/// <summary>What stands behind the sweep's memory and speed: one chunk at a time, and no look at a file that is known.</summary>
public sealed class SweepBoundsTests
{
    [Fact]
    public async Task A_sweep_holds_one_chunk_of_names_and_looks_at_no_file_that_a_record_has()
    {
        const int Names = 25_500;
        await using var harness = await StorageHarness.CreateAsync(new SqliteTestDatabase());
        var listing = new Listing(Names);
        await using var app = harness.Start(build: b => b.UseFiles(_ => listing).UseStore<KnowsAll>().AllowAnyUser()
            .AddOrphanSweeper(o => (o.Retention, o.RequireMarker) = (TimeSpan.Zero, false)));
        KnowsAll.Listing = listing;
        var progress = new List<SweepProgress>();

        var report = await app.Services.GetRequiredService<IOrphanSweeper>().RunAsync(progress: new Collect(progress));

        report.ShouldBe(report with { Outcome = SweepOutcome.Completed, Scanned = Names, Orphans = 0 });
        listing.Looks.ShouldBe(0);
        listing.LargestLead.ShouldBe(1000);
        progress.Count.ShouldBe(26);
        progress[^1].ShouldBe(new SweepProgress(Names, 0, false));
    }

    private sealed class Collect(List<SweepProgress> seen) : IProgress<SweepProgress>
    {
        public void Report(SweepProgress value) => seen.Add(value);
    }

    /// <summary>Counts how many names it has given beyond those that were asked about.</summary>
    private sealed class Listing(int names) : IDeletableStore
    {
        private int _given;

        public int Asked { get; set; }

        public int LargestLead { get; private set; }

        public int Looks { get; private set; }

        public ValueTask<FileProbe> ProbeAsync(string path, CancellationToken cancellationToken)
        {
            Looks++;
            return new(FileProbe.Missing);
        }

        public ValueTask<FileRemoval> DeleteAsync(string path, FileIdentity expected, CancellationToken cancellationToken) => throw new InvalidOperationException("Nothing is to be deleted.");

        public ValueTask FlushAsync(IReadOnlyCollection<string> paths, CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public async IAsyncEnumerable<string> ListAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
        {
            for (var i = 0; i < names; i++)
            {
                LargestLead = Math.Max(LargestLead, ++_given - Asked);
                yield return $"f{i}";
            }

            await Task.CompletedTask;
        }
    }

    private sealed class KnowsAll : IFileRecordStore
    {
        public static Listing? Listing { get; set; }

        public ValueTask<FileRecord?> FindAsync(DbConnection connection, DbTransaction? transaction, string key, bool lockRecord, CancellationToken cancellationToken) => new((FileRecord?)null);

        public ValueTask<string?> RemoveAsync(DbTransaction transaction, FileRecord record, Guid deletionId, CancellationToken cancellationToken) => new((string?)null);

        public ValueTask<bool> RestoreAsync(DbTransaction transaction, RemovedRecord removed, string errorCode, CancellationToken cancellationToken) => new(false);

        public ValueTask CompleteAsync(DbTransaction transaction, RemovedRecord removed, CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public ValueTask<IReadOnlyCollection<string>> FindKnownPathsAsync(
            DbConnection connection, DbTransaction? transaction, IReadOnlyCollection<string> paths, CancellationToken cancellationToken)
        {
            paths.Count.ShouldBeLessThanOrEqualTo(1000);
            Listing!.Asked += paths.Count;
            return new([.. paths]);
        }
    }
}
