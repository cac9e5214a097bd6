using Microsoft.Extensions.DependencyInjection;
using Resilience.Storage.Tests.Support;

namespace Resilience.Storage.Tests.Conformance;

/// <content>Folders that ignore case, as on Windows and macOS.</content>
public abstract partial class DeletionConformance
{
    [Fact]
    public async Task On_a_folder_that_ignores_case_a_file_that_is_spelt_otherwise_than_its_record_is_no_orphan()
    {
        using var folding = new FoldingFileStore(Harness.Root);
        using var naive = new FoldingFileStore(Harness.Root) { IgnoresCase = false };
        await PutAsync("ab/x1.bin");
        await PutAsync("ab/up.bin");
        await PutAsync("ab/orphan.bin");
        await Harness.InsertAsync("x1", "aB/X1.bin");
        var app = StartOn(folding);
        (await app.Uploads.BeginAsync("Ab/up.bin", "ada")).ShouldNotBeNull();

        // The control: compared as they are spelt, all three would be orphans.
        (await Sweep(StartOn(naive), dryRun: true)).Reason.ShouldBe("no_records");
        var report = await Sweep(app);
        report.ShouldBe(report with { Outcome = SweepOutcome.Completed, Scanned = 3, Orphans = 1, Quarantined = 1 });
        Harness.Files().ShouldBe(["ab/up.bin", "ab/x1.bin"]);

        // It stays after the retention, too, and goes with its record.
        Harness.Time.ShiftWallClock(TimeSpan.FromDays(8));
        await Sweep(app);
        Harness.Files().ShouldContain("ab/x1.bin");
        (await app.DeleteAsync("x1")).Status.ShouldBe(DeletionStatus.Succeeded);
        Harness.Files().ShouldNotContain("ab/x1.bin");
    }

    [Fact]
    public async Task On_a_folder_that_ignores_case_an_abandoned_upload_does_not_take_the_file_of_a_record_that_is_spelt_otherwise()
    {
        using var folding = new FoldingFileStore(Harness.Root);
        await PutAsync("ab/x1.bin");
        await Harness.InsertAsync("x1", "aB/x1.bin");
        var app = StartOn(folding);
        (await app.Uploads.BeginAsync("ab/x1.bin", "eve")).ShouldNotBeNull();
        Should.Throw<IOException>(() => folding.Create("ab/x1.bin"));

        Harness.Time.ShiftWallClock(TimeSpan.FromHours(1));
        await Sweep(app);

        Harness.Files().ShouldBe(["ab/x1.bin"]);
        (await Harness.ListAsync("SELECT path FROM resilience_file_upload")).ShouldBeEmpty();
    }

    [Fact]
    public async Task Records_in_a_store_of_your_own_are_not_swept_on_a_folder_that_ignores_case()
    {
        using var folding = new FoldingFileStore(Harness.Root);
        await Harness.Database.ExecuteAsync(TwoTableStore.Tables);
        await AddOwnAsync("a1");
        await PutAsync("1/orphan.bin");
        var app = Harness.Start(build: b =>
        {
            b.Services.AddSingleton(new TwoTableStore(Harness.Database.Dialect));
            b.UseStore<TwoTableStore>().UseFiles(_ => folding).AddOrphanSweeper();
        });

        var report = await Sweep(app);

        (report.Outcome, report.Reason).ShouldBe((SweepOutcome.Aborted, "case_ignored"));
        Harness.Files().ShouldBe(["1/a1.bin", "1/orphan.bin"]);
    }

    private StorageInstance StartOn(FoldingFileStore store) => Harness.Start(build: b => b.UseFiles(_ => store).AddOrphanSweeper());
}
