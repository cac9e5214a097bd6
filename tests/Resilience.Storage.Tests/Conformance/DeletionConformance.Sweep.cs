using Microsoft.Extensions.DependencyInjection;
using Resilience.Storage.Tests.Support;
using Resilience.TestKit;

namespace Resilience.Storage.Tests.Conformance;

/// <content>Uploads, enlisted deletions and the sweeper.</content>
public abstract partial class DeletionConformance
{
    [Fact]
    public async Task Files_without_a_record_are_set_aside_at_once_and_deleted_after_seven_days()
    {
        var app = StartSweeping();
        await Harness.AddManyAsync(["a1", "b1"]);
        await PutAsync("1/orphan.bin");

        var first = await Sweep(app);
        first.ShouldBe(first with { Outcome = SweepOutcome.Completed, Scanned = 3, Orphans = 1, Quarantined = 1, Deleted = 0 });
        Harness.Files().ShouldBe(["1/a1.bin", "1/b1.bin"]);
        Directory.GetFiles(Path.Combine(Harness.Root, ".resilience-quarantine")).Length.ShouldBe(1);

        Harness.Time.ShiftWallClock(TimeSpan.FromDays(6.9));
        (await Sweep(app)).Deleted.ShouldBe(0);
        Harness.Time.ShiftWallClock(TimeSpan.FromDays(0.2));
        (await Sweep(app)).Deleted.ShouldBe(1);
        Directory.GetFiles(Path.Combine(Harness.Root, ".resilience-quarantine")).ShouldBeEmpty();
        (await Harness.AuditOfAllAsync()).ShouldBe(["OrphanQuarantined 1/orphan.bin", "OrphanDeleted 1/orphan.bin"]);
    }

    [Fact]
    public async Task With_a_retention_of_zero_a_file_without_a_record_is_deleted_at_once_and_a_dry_run_only_looks()
    {
        var app = StartSweeping(o => o.Retention = TimeSpan.Zero);
        await Harness.AddManyAsync(["a1"]);
        await PutAsync("1/orphan.bin");

        (await Sweep(app, dryRun: true)).Orphans.ShouldBe(1);
        Harness.Files().Count.ShouldBe(2);
        (await Sweep(app)).Deleted.ShouldBe(1);
        Harness.Files().ShouldBe(["1/a1.bin"]);
        (await Harness.AuditOfAllAsync()).ShouldBe(["OrphanFound 1/orphan.bin", "OrphanDeleted 1/orphan.bin"]);
    }

    [Fact]
    public async Task A_file_comes_back_from_quarantine_by_hand_or_when_a_record_has_it()
    {
        var app = StartSweeping();
        await Harness.AddManyAsync(["a1"]);
        await PutAsync("1/x1.bin");
        await PutAsync("1/y1.bin");
        (await Sweep(app)).Quarantined.ShouldBe(2);

        var sweeper = app.Services.GetRequiredService<IOrphanSweeper>();
        var held = await sweeper.ListQuarantineAsync();
        held.Select(h => h.Path).Order().ShouldBe(["1/x1.bin", "1/y1.bin"]);
        (await sweeper.RestoreAsync(held.Single(h => h.Path == "1/x1.bin").Id)).ShouldBeTrue();
        (await sweeper.RestoreAsync(held.Single(h => h.Path == "1/x1.bin").Id)).ShouldBeFalse();
        (await File.ReadAllTextAsync(Path.Combine(Harness.Root, "1/x1.bin"))).ShouldBe("1/x1.bin");

        await Harness.InsertAsync("x1", "1/x1.bin");
        await Harness.InsertAsync("y1", "1/y1.bin");
        Harness.Time.ShiftWallClock(TimeSpan.FromDays(8));
        (await Sweep(app)).Restored.ShouldBe(1);
        await Harness.NothingIsLeftAsync();
    }

    [Fact]
    public async Task A_file_that_an_operator_brings_back_during_a_purge_is_not_purged()
    {
        var app = StartSweeping();
        await Harness.AddManyAsync(["a1"]);
        await PutAsync("1/x1.bin");
        await PutAsync("1/y1.bin");
        (await Sweep(app)).Quarantined.ShouldBe(2);
        var held = await app.Services.GetRequiredService<IOrphanSweeper>().ListQuarantineAsync();
        Harness.Time.ShiftWallClock(TimeSpan.FromDays(8));

        // The sweep has read both and is at the first; the operator takes the second on another node.
        app.Files.Script.On("purge").HangBefore();
        var sweep = Sweep(app);
        await app.Files.Script.WhenHangingAsync("purge");
        (await StartSweeping().Services.GetRequiredService<IOrphanSweeper>().RestoreAsync(held[1].Id)).ShouldBeTrue();
        app.Files.Script.Release();

        (await sweep.Within()).Deleted.ShouldBe(1);
        Harness.Files().ShouldBe(["1/a1.bin", held[1].Path], ignoreOrder: true);
        (await Harness.AuditOfAllAsync()).ShouldNotContain($"OrphanDeleted {held[1].Path}");
    }

    [Fact]
    public async Task What_nobody_expected_ends_a_sweep_and_not_the_service()
    {
        var app = StartSweeping();
        await Harness.AddManyAsync(["a1"]);
        await PutAsync("1/orphan.bin");
        app.Files.Script.On("aside").FailBefore(error: static () => new InvalidOperationException("odd"));

        var report = await Sweep(app);

        (report.Outcome, report.Reason).ShouldBe((SweepOutcome.Aborted, "failed"));
        (await Sweep(app)).Quarantined.ShouldBe(1);
    }

    [Fact]
    public async Task A_registered_upload_is_never_an_orphan_however_old_it_is()
    {
        var app = StartSweeping(o => o.Retention = TimeSpan.Zero);
        await Harness.AddManyAsync(["a1"]);

        var completed = await UploadAsync(app, "slow1", async () =>
        {
            (await Sweep(app)).Orphans.ShouldBe(0);
            Harness.Time.ShiftWallClock(TimeSpan.FromMinutes(14));
            (await Sweep(app)).Orphans.ShouldBe(0);
        });

        completed.ShouldBeTrue();
        await Harness.NothingIsLeftAsync();
    }

    [Fact]
    public async Task An_abandoned_upload_loses_its_file_and_can_no_longer_be_completed()
    {
        var app = StartSweeping();
        await Harness.AddManyAsync(["a1"]);

        (await UploadAsync(app, "late1", async () =>
        {
            Harness.Time.ShiftWallClock(TimeSpan.FromMinutes(16));
            await Sweep(app);
        })).ShouldBeFalse();

        await Harness.NothingIsLeftAsync();
        (await Harness.ListAsync("SELECT id FROM resilience_file_upload")).ShouldBeEmpty();
        (await Harness.AuditOfAllAsync()).ShouldContain("UploadReaped 1/late1.bin");
    }

    [Fact]
    public async Task Deleting_a_record_while_its_file_is_still_being_written_ends_the_upload()
    {
        // An application that inserts its record first: the deletion comes before the upload's end.
        var app = Harness.Start();
        var completed = await UploadAsync(app, "early1", async () =>
        {
            await Harness.InsertAsync("early1", "1/early1.bin");
            (await app.DeleteAsync("early1")).Status.ShouldBe(DeletionStatus.Succeeded);
        });

        completed.ShouldBeFalse();
        await Harness.NothingIsLeftAsync();
    }

    [Fact]
    public async Task A_path_is_given_to_one_upload_at_a_time_and_not_while_it_is_being_deleted()
    {
        var files = new FaultScript();
        var app = Harness.Start(files: files);
        await Harness.AddAsync("a1");
        files.On("unlink").FailBefore();
        var deletion = app.DeleteAsync("a1");
        await Harness.Time.WhenDueInAsync(TimeSpan.FromSeconds(1));

        (await app.Uploads.BeginAsync("1/a1.bin", "ada")).ShouldBeNull();
        var lease = await app.Uploads.BeginAsync("1/new.bin", "ada");
        lease.ShouldNotBeNull();
        (await app.Uploads.BeginAsync("1/new.bin", "eve")).ShouldBeNull();
        (await app.Uploads.RenewAsync(lease)).ShouldNotBeNull();
        await app.Uploads.AbortAsync(lease);
        (await app.Uploads.RenewAsync(lease)).ShouldBeNull();
        await Should.ThrowAsync<ArgumentException>(app.Uploads.BeginAsync("../x", "ada"));

        Harness.Time.Advance(TimeSpan.FromSeconds(1));
        await deletion.Within();
        (await app.Uploads.BeginAsync("1/a1.bin", "ada")).ShouldNotBeNull();
    }

    [Fact]
    public async Task The_sweeper_stops_when_there_are_no_records_or_too_many_orphans()
    {
        var app = StartSweeping();
        await PutAsync("1/a1.bin");
        (await Sweep(app)).Reason.ShouldBe("no_records");

        await Harness.AddManyAsync(Enumerable.Range(0, 60).Select(i => $"k{i}"));
        for (var i = 0; i < 30; i++)
        {
            await PutAsync($"1/orphan{i}.bin");
        }

        var report = await Sweep(app);
        report.ShouldBe(report with { Outcome = SweepOutcome.Aborted, Reason = "too_many_orphans", Orphans = 31, Quarantined = 0 });
        Harness.Files().Count.ShouldBe(91);
        (await Harness.AuditOfAllAsync()).Count(a => a.StartsWith("SweepAborted", StringComparison.Ordinal)).ShouldBe(2);
    }

    [Fact]
    public async Task A_foreign_folder_an_emptied_one_and_an_older_database_are_left_alone_until_an_operator_accepts_them()
    {
        var app = StartSweeping();
        await Harness.AddManyAsync(["a1"]);
        await PutAsync("1/orphan.bin");
        (await Sweep(app, dryRun: true)).Outcome.ShouldBe(SweepOutcome.Completed);
        var marker = Path.Combine(Harness.Root, ".resilience-root");
        var text = await File.ReadAllTextAsync(marker);

        File.Delete(marker);
        (await Sweep(app)).Reason.ShouldBe("root_marker_missing");
        await File.WriteAllTextAsync(marker, "somebody-else 1");
        (await Sweep(app)).Reason.ShouldBe("root_foreign");
        await Should.ThrowAsync<IOException>(StartSweeping().DeleteAsync("a1"));
        await File.WriteAllTextAsync(marker, text);

        // The database goes back to what it was before the folder's last mark.
        await Harness.Database.ExecuteAsync("UPDATE resilience_file_root SET generation = generation - 1");
        (await Sweep(app)).Reason.ShouldBe("database_older_than_root");
        Harness.Files().Count.ShouldBe(2);

        await app.Services.GetRequiredService<IOrphanSweeper>().AcceptRootAsync("operator");
        (await Sweep(app)).Quarantined.ShouldBe(1);
    }

    [Fact]
    public async Task A_minimum_age_leaves_young_files_alone_for_applications_that_register_no_uploads()
    {
        var app = StartSweeping(o => o.MinimumAge = TimeSpan.FromHours(24));
        await Harness.AddManyAsync(["a1"]);
        await PutAsync("1/orphan.bin");
        Harness.Time.ShiftWallClock(TimeProvider.System.GetUtcNow() - Harness.Time.GetUtcNow());

        (await Sweep(app)).Quarantined.ShouldBe(0);
        Harness.Time.ShiftWallClock(TimeSpan.FromHours(25));
        (await Sweep(app)).Quarantined.ShouldBe(1);
    }

    [Fact]
    public async Task A_sweep_runs_on_one_node_at_a_time()
    {
        var app = StartSweeping();
        var other = StartSweeping();
        await Harness.AddManyAsync(["a1"]);
        await PutAsync("1/orphan.bin");
        app.Files.Script.On("aside").HangBefore();

        var sweep = Sweep(app);
        await app.Files.Script.WhenHangingAsync("aside");
        (await Sweep(other)).Outcome.ShouldBe(SweepOutcome.AlreadyRunning);
        (await Sweep(app)).Outcome.ShouldBe(SweepOutcome.AlreadyRunning);
        app.Files.Script.Release();
        (await sweep.Within()).Quarantined.ShouldBe(1);
    }

    [Fact]
    public async Task A_sweep_among_uploads_removes_no_live_upload_and_every_orphan()
    {
        var app = StartSweeping(o => (o.Retention, o.ChunkSize) = (TimeSpan.Zero, 10));
        await Harness.AddManyAsync(Enumerable.Range(0, 30).Select(i => $"k{i}"));
        for (var i = 0; i < 10; i++)
        {
            await PutAsync($"1/orphan{i}.bin");
        }

        var uploaded = 0;
        using var stop = new CancellationTokenSource();
        var uploads = Enumerable.Range(0, 4).Select(worker => Task.Run(async () =>
        {
            var made = 0;
            while (!stop.IsCancellationRequested)
            {
                (await UploadAsync(app, $"u{worker}x{made++}")).ShouldBeTrue();
                Interlocked.Increment(ref uploaded);
            }

            return made;
        })).ToList();
        long deleted = 0;
        for (var i = 0; i < 10; i++)
        {
            var before = Volatile.Read(ref uploaded);
            var report = await Sweep(app);
            report.Outcome.ShouldBe(SweepOutcome.Completed, report.Reason);
            deleted += report.Deleted;
            await Watchdog.UntilAsync(() => Volatile.Read(ref uploaded) > before || uploads.Exists(static upload => upload.IsFaulted), what: "an upload during or after the sweep");
        }

        await stop.CancelAsync();
        var made = (await Task.WhenAll(uploads).Within()).Sum();
        deleted.ShouldBe(10);
        made.ShouldBeGreaterThanOrEqualTo(10);
        (await Harness.VisibleAsync()).Count.ShouldBe(30 + made);
        await Harness.NothingIsLeftAsync();
    }

    [Fact]
    public async Task A_fault_at_any_step_of_a_sweep_loses_no_recorded_file_and_the_next_sweep_finishes()
    {
        await Harness.AddManyAsync(Enumerable.Range(0, 5).Select(i => $"k{i}"));
        await Sweep(StartSweeping());
        var run = 0;
        await FaultSweep.RunAsync([FaultKind.FailBefore, FaultKind.FailAfter], async script =>
        {
            await PutAsync($"1/orphan{run++}.bin");
            await using (var app = StartSweeping(files: script, database: script))
            {
                await TryAsync(() => Sweep(app));
            }

            await Harness.RecordsHaveFilesAsync();
            Harness.Time.ShiftWallClock(TimeSpan.FromHours(1));
            await using (var app = StartSweeping())
            {
                (await Sweep(app)).Outcome.ShouldBe(SweepOutcome.Completed);
                Harness.Time.ShiftWallClock(TimeSpan.FromDays(8));
                (await Sweep(app)).Outcome.ShouldBe(SweepOutcome.Completed);
            }

            await Harness.NothingIsLeftAsync();
            Directory.GetFiles(Path.Combine(Harness.Root, ".resilience-quarantine")).ShouldBeEmpty();
        });
    }

    [Fact]
    public async Task An_enlisted_deletion_follows_the_applications_transaction()
    {
        var app = Harness.Start();
        await Harness.AddAsync("a1");
        await Harness.AddAsync("b1");

        var rolledBack = await EnlistAsync(app, "a1", commit: false);
        (await rolledBack.ExecuteAsync().Within()).Status.ShouldBe(DeletionStatus.NotCommitted);
        Harness.FileExists("a1").ShouldBeTrue();

        var committed = await EnlistAsync(app, "a1", commit: true);
        (await committed.ExecuteAsync().Within()).Status.ShouldBe(DeletionStatus.Succeeded);
        var forgotten = await EnlistAsync(app, "b1", commit: true);
        forgotten.Status.ShouldBe(DeletionStatus.Accepted);
        Harness.Time.ShiftWallClock(BeyondLease);
        (await app.Deletions.RecoverAsync()).Completed.ShouldBe(1);
        await Harness.NothingIsLeftAsync();
        (await Harness.AuditAsync("b1")).ShouldBe(["Requested", "Recovered", "Succeeded"], ignoreOrder: true);
    }

    [Fact]
    public async Task An_enlisted_deletion_that_fails_for_good_is_stuck_and_not_forgotten()
    {
        var files = new FaultScript();
        var app = Harness.Start(o => o.MaxRetries = 0, files: files);
        await Harness.AddAsync("a1");
        var ticket = await EnlistAsync(app, "a1", commit: true);
        files.On("unlink").FailBefore();
        (await ticket.ExecuteAsync().Within()).Status.ShouldBe(DeletionStatus.Stuck);

        Harness.Time.ShiftWallClock(BeyondLease);
        (await app.Deletions.RecoverAsync()).Completed.ShouldBe(1);
        await Harness.NothingIsLeftAsync();
    }

    private static Task<SweepReport> Sweep(StorageInstance app, bool dryRun = false) => app.Services.GetRequiredService<IOrphanSweeper>().RunAsync(dryRun);

    private StorageInstance StartSweeping(Action<OrphanSweeperOptions>? configure = null, FaultScript? files = null, FaultScript? database = null) =>
        Harness.Start(build: b => b.AddOrphanSweeper(configure), files: files, database: database);

    private async Task PutAsync(string path)
    {
        var full = Path.Combine(Harness.Root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        await File.WriteAllTextAsync(full, path);
    }

    private async Task<DeletionTicket> EnlistAsync(StorageInstance app, string key, bool commit)
    {
        await app.DeleteAsync("warm up");
        await using var connection = await Harness.Database.Source.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using var command = connection.CreateCommand();
        command.Transaction = transaction;
#pragma warning disable CA2100 // Keys of tests.
        command.CommandText = $"DELETE FROM attachments WHERE id = '{key}'";
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync();
        var ticket = await app.Deletions.EnlistAsync(transaction, new FileToDelete(StorageHarness.RelativeOf(key), key), new DeletionContext("ada"));
        if (commit)
        {
            await transaction.CommitAsync();
        }
        else
        {
            await transaction.RollbackAsync();
        }

        return ticket;
    }
}
