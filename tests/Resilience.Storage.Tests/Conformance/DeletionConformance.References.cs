using System.Data.Common;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Resilience.Storage.Internal;
using Resilience.Storage.Tests.Support;
using Resilience.TestKit;

namespace Resilience.Storage.Tests.Conformance;

/// <content>Records that other tables refer to.</content>
public abstract partial class DeletionConformance
{
    [Theory]
    [InlineData("")]
    [InlineData(" DEFERRABLE INITIALLY DEFERRED")]
    public async Task A_record_that_another_table_refers_to_is_stuck_with_the_reason_while_others_go_and_finishes_when_the_reference_is_gone(string timing)
    {
        await Harness.Database.ExecuteAsync($"CREATE TABLE message_files (message TEXT PRIMARY KEY, attachment_id TEXT NOT NULL REFERENCES attachments (id){timing})");
        var app = Harness.Start();
        List<string> others = [.. Enumerable.Range(0, 12).Select(static i => $"k{i:D2}")];
        await Harness.AddManyAsync([.. others, "a1"]);
        await Harness.Database.ExecuteAsync("INSERT INTO message_files VALUES ('m1', 'a1')");

        var referred = app.DeleteAsync("a1");
        (await Task.WhenAll(others.Select(key => app.DeleteAsync(key))).Within()).ShouldAllBe(static r => r.Status == DeletionStatus.Succeeded);
        if (Mode == RecordMode.Snapshot)
        {
            // There the row goes first: the database refuses before anything has happened.
            await Should.ThrowAsync<DbException>(referred.Within());
            Harness.FileExists("a1").ShouldBeTrue();
            await Harness.NothingIsLeftAsync();
            return;
        }

        var result = await referred.Within();
        result.Status.ShouldBe(DeletionStatus.Stuck);
        result.IsGone.ShouldBeFalse();
        result.ErrorCode.ShouldBe(Harness.Database.Dialect == SqlDialect.Sqlite ? "constraint" : "23503");
        (await Harness.JournalAsync()).ShouldBe(["3:a1"]);
        (await Harness.ListAsync("SELECT error FROM resilience_file_journal")).ShouldBe([result.ErrorCode!]);
        (await Harness.AuditAsync("a1")).ShouldBe(["Requested", "Stuck"]);
        (await Harness.RowsAsync()).ShouldBe(["a1"]);
        (await Harness.VisibleAsync()).ShouldBeEmpty();
        app.Logs.Of(3018).Count.ShouldBe(1);
        await IsDegradedAsync(app);

        // Each recovery tries again, says nothing new, and holds up nobody.
        Harness.Time.ShiftWallClock(BeyondLease);
        await Harness.AddAsync("b1");
        var recovery = app.Deletions.RecoverAsync();
        (await app.DeleteAsync("b1").Within()).Status.ShouldBe(DeletionStatus.Succeeded);
        (await recovery.Within()).ShouldBe(new RecoveryReport(1, 0, 0, 1, 0));
        app.Logs.Of(3018).Count.ShouldBe(1);
        (await Harness.AuditAsync("a1")).ShouldBe(["Requested", "Stuck"]);

        await Harness.Database.ExecuteAsync("DELETE FROM message_files");
        Harness.Time.ShiftWallClock(BeyondLease);
        (await app.Deletions.RecoverAsync().Within()).ShouldBe(new RecoveryReport(1, 1, 0, 0, 0));
        (await Harness.AuditAsync("a1")).ShouldBe(["Requested", "Stuck", "Succeeded"]);
        await Harness.NothingIsLeftAsync();
        (await Harness.JournalAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_reference_that_refuses_after_every_try_failed_is_stuck_too()
    {
        await Harness.Database.ExecuteAsync("CREATE TABLE message_files (message TEXT PRIMARY KEY, attachment_id TEXT NOT NULL REFERENCES attachments (id))");
        var files = new FaultScript();
        var app = Harness.Start(o => o.MaxRetries = 0, files: files);
        await Harness.AddAsync("a1");
        if (Mode == RecordMode.PendingColumn)
        {
            await Harness.Database.ExecuteAsync("INSERT INTO message_files VALUES ('m1', 'a1')");
        }

        // The file goes, and the answer is lost: the file is looked at again, is gone, and the record cannot follow.
        files.On("unlink").FailAfter();
        var result = await app.DeleteAsync("a1").Within();

        result.Status.ShouldBe(Mode == RecordMode.Snapshot ? DeletionStatus.Succeeded : DeletionStatus.Stuck);
        (await Harness.JournalAsync()).ShouldBe(Mode == RecordMode.Snapshot ? [] : ["3:a1"]);
        Harness.FileExists("a1").ShouldBeFalse();
    }

    [Fact]
    public async Task A_foreign_key_that_may_refuse_is_named_at_start_and_one_that_cannot_is_not()
    {
        await Harness.Database.ExecuteAsync("""
            CREATE TABLE cascading (id TEXT PRIMARY KEY, attachment_id TEXT REFERENCES attachments (id) ON DELETE CASCADE);
            CREATE TABLE elsewhere (id TEXT PRIMARY KEY, other TEXT REFERENCES cascading (id));
            """);
        if (Mode == RecordMode.Snapshot)
        {
            await Harness.Database.ExecuteAsync("DROP TABLE elsewhere; DROP TABLE cascading");
        }

        await using (var quiet = Harness.Start())
        {
            await quiet.DeleteAsync("warm up");
            quiet.Logs.Of(3019).ShouldBeEmpty();
        }

        await Harness.Database.ExecuteAsync("CREATE TABLE message_files (message TEXT PRIMARY KEY, attachment_id TEXT NOT NULL REFERENCES attachments (id) ON DELETE RESTRICT)");
        var app = Harness.Start();
        await app.DeleteAsync("warm up");
        if (Mode == RecordMode.Snapshot)
        {
            app.Logs.Of(3019).ShouldBeEmpty();
        }
        else
        {
            app.Logs.Of(3019).ShouldHaveSingleItem().Message.ShouldContain("message_files");
        }
    }

    /// <summary>For the classes with a pending column. With snapshots the row goes first, and the reference refuses before anything has happened: see above.</summary>
    protected async Task ReferenceRefusesNothingWhileTheFileIsThereAsync()
    {
        await Harness.Database.ExecuteAsync("CREATE TABLE message_files (message TEXT PRIMARY KEY, attachment_id TEXT NOT NULL REFERENCES attachments (id))");
        List<string> keys = [.. Enumerable.Range(0, 12).Select(static i => $"r{i:D2}")];
        await Harness.AddManyAsync(keys);
        await Harness.Database.ExecuteAsync("INSERT INTO message_files VALUES ('m1', 'r03')");
        var results = await DeleteTogetherAsync(keys, stays: "r03");

        // Its record may come back, and does; it is not stuck.
        results["r03"].Status.ShouldBe(DeletionStatus.Failed);
        results["r03"].ErrorCode.ShouldBe("EIO");
        results.Where(static r => r.Key != "r03").ShouldAllBe(static r => r.Value.Status == DeletionStatus.Succeeded);
        (await Harness.VisibleAsync()).ShouldBe(["r03"]);
        await Harness.RecordsHaveFilesAsync();
    }

    private static async Task IsDegradedAsync(StorageInstance app)
    {
        var service = app.Services.GetServices<IHostedService>().Single();
        await service.StartAsync(default);
        await app.Logs.WhenAsync(3013);
        await service.StopAsync(default);
        var check = new StorageHealthCheck(
            app.Services.GetRequiredService<StorageStatus>(), app.Services.GetRequiredService<StorageInitializer>(), app.Services.GetRequiredService<CommitLoop>());
        (await check.CheckHealthAsync(new())).Status.ShouldBe(HealthStatus.Degraded);
        using var metrics = new MetricCollector(app.Meters);
        metrics.Observe();
        metrics.Value("resilience.storage.alert.active", ("alert", "stuck")).ShouldBe(1);
    }
}
