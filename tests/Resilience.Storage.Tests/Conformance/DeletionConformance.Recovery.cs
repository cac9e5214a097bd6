using System.Data.Common;
using Resilience.Storage.Tests.Support;
using Resilience.TestKit;

namespace Resilience.Storage.Tests.Conformance;

/// <content>Crashes, faults at every step, and what recovery makes of them.</content>
public abstract partial class DeletionConformance
{
    private static readonly TimeSpan BeyondLease = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task A_deletion_of_a_dead_process_is_carried_on_by_another_one()
    {
        var files = new FaultScript();
        var dead = Harness.Start(files: files);
        await Harness.AddAsync("a1");
        files.On("unlink").FailBefore(100);
        var abandoned = dead.DeleteAsync("a1");

        // The first process is in its first wait and never comes back; its lease runs out.
        await Harness.Time.WhenDueInAsync(TimeSpan.FromSeconds(1));
        var other = Harness.Start();
        (await other.Deletions.RecoverAsync()).Claimed.ShouldBe(0);
        Harness.Time.ShiftWallClock(BeyondLease);

        (await other.Deletions.RecoverAsync()).ShouldBe(new RecoveryReport(1, 1, 0, 0, 0));
        await Harness.NothingIsLeftAsync();
        (await Harness.AuditAsync("a1")).ShouldBe(["Requested", "AttemptFailed", "Recovered", "Succeeded"]);

        // The first one wakes up: it finds the row gone, learns what became of it, and touches nothing.
        await Harness.AddAsync("a1", content: "a new file at the old path");
        Harness.Time.Advance(TimeSpan.FromSeconds(1));
        (await abandoned.Within()).Status.ShouldBe(DeletionStatus.Succeeded);
        Harness.FileExists("a1").ShouldBeTrue();
    }

    [Fact]
    public async Task A_process_that_slept_beyond_its_lease_cannot_delete_a_file_whose_record_is_back()
    {
        var first = new FaultScript();
        var sleeper = Harness.Start(files: first);
        await Harness.AddAsync("a1");
        first.On("unlink").FailBefore();
        var sleeping = sleeper.DeleteAsync("a1");
        await Harness.Time.WhenDueInAsync(TimeSpan.FromSeconds(1));

        Harness.Time.ShiftWallClock(BeyondLease);
        var second = new FaultScript();
        second.On("unlink").FailBefore();
        var other = Harness.Start(o => o.MaxRetries = 0, files: second);
        (await other.Deletions.RecoverAsync()).Restored.ShouldBe(1);
        (await Harness.VisibleAsync()).ShouldBe(["a1"]);

        // Its unlink would succeed now, and the record would be without its file.
        Harness.Time.Advance(TimeSpan.FromSeconds(1));
        (await sleeping.Within()).Status.ShouldBe(DeletionStatus.Failed);
        await Harness.RecordsHaveFilesAsync();
    }

    [Fact]
    public async Task A_lost_answer_to_the_commit_is_decided_by_the_database()
    {
        var database = new FaultScript();
        var app = Harness.Start(database: database, breakOnFault: true);
        await Harness.AddAsync("a1");
        await Harness.AddAsync("b1");
        await app.DeleteAsync("warm up");

        database.On("commit").Pass().FailAfter().FailAfter();
        (await app.DeleteAsync("a1")).Status.ShouldBe(DeletionStatus.Succeeded);
        database.On("commit").Pass().FailBefore();
        (await app.DeleteAsync("b1")).Status.ShouldBe(DeletionStatus.Succeeded);
        await Harness.NothingIsLeftAsync();
    }

    [Fact]
    public async Task When_the_database_cannot_be_asked_about_a_commit_no_file_is_touched_and_recovery_decides()
    {
        var database = new FaultScript();
        var app = Harness.Start(database: database, breakOnFault: true);
        await Harness.AddAsync("a1");
        await app.DeleteAsync("warm up");
        database.On("commit").Pass().FailAfter();

        // From the lost answer on, every connection is refused for a while: the request and the beginning have theirs, the question and the run by itself have not.
        database.On("open").Pass(2).FailBefore(2);
        await Should.ThrowAsync<Exception>(app.DeleteAsync("a1"));
        Harness.FileExists("a1").ShouldBeTrue();

        Harness.Time.ShiftWallClock(BeyondLease);
        await app.Deletions.RecoverAsync();
        await Harness.NothingIsLeftAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_fault_at_any_step_never_parts_record_and_file(bool unlinkFails)
    {
        var run = 0;
        await Harness.Start().DeleteAsync("create the tables");
        var hits = await FaultSweep.RunAsync([FaultKind.FailBefore, FaultKind.FailAfter], async script =>
        {
            var key = $"f{run++}";
            await Harness.AddAsync(key);
            var app = Harness.Start(o => o.MaxRetries = 1, files: unlinkFails ? new FaultScript() : script, database: script, breakOnFault: true);
            if (unlinkFails)
            {
                // The other half of the protocol: every unlink fails, so the record must come back.
                app.Files.Script.On("unlink").FailBefore(1000);
            }

            var deletion = TryAsync(() => app.DeleteAsync(key));
            await Harness.Time.DriveAsync(deletion, TimeSpan.FromMinutes(1));
            var status = await deletion;
            await Harness.RecordsHaveFilesAsync();
            var asked = (await Harness.AuditAsync(key)).Count > 0;
            if (!asked)
            {
                // The request could not even be written down: then nothing else may have happened.
                status.ShouldBeNull();
                Harness.FileExists(key).ShouldBeTrue();
                (await Harness.VisibleAsync()).ShouldContain(key);
            }

            if (status == DeletionStatus.Succeeded)
            {
                Harness.FileExists(key).ShouldBeFalse();
            }

            await app.DisposeAsync();
            Harness.Time.ShiftWallClock(BeyondLease);
            var recovered = Harness.Start();
            await recovered.Deletions.RecoverAsync();
            (await Harness.JournalAsync()).ShouldAllBe(row => row.StartsWith("2:", StringComparison.Ordinal));
            await Harness.NothingIsLeftAsync();
            if (Harness.FileExists(key))
            {
                // The caller was told so, by a status or by an exception.
                status.ShouldNotBe(DeletionStatus.Succeeded);
                await recovered.DeleteAsync(key);
            }

            if (asked)
            {
                (await Harness.AuditAsync(key)).Count.ShouldBeGreaterThanOrEqualTo(2);
            }

            await recovered.DisposeAsync();
        });
        hits.ShouldBeGreaterThan(20);
    }

    [Fact]
    public async Task A_fault_at_any_step_of_recovery_is_healed_by_the_next_one()
    {
        var run = 0;
        var hits = await FaultSweep.RunAsync([FaultKind.FailBefore, FaultKind.FailAfter], async script =>
        {
            var key = $"r{run++}";
            await Harness.AddAsync(key);
            await using (var dead = Harness.Start(o => o.MaxRetries = 0))
            {
                await AbandonAsync(dead, key);
            }

            Harness.Time.ShiftWallClock(BeyondLease);
            await using (var app = Harness.Start(o => o.MaxRetries = 0, files: script, database: script, breakOnFault: true))
            {
                await TryAsync(() => app.Deletions.RecoverAsync());
                await Harness.RecordsHaveFilesAsync();
            }

            Harness.Time.ShiftWallClock(BeyondLease);
            await using (var healthy = Harness.Start())
            {
                await Task.WhenAll(healthy.Deletions.RecoverAsync(), healthy.Deletions.RecoverAsync());
                await healthy.Deletions.RecoverAsync();
                await Harness.NothingIsLeftAsync();
                if (Harness.FileExists(key))
                {
                    // A flush or an unlink failed for good within the faulty run, so the record came back; it can be deleted again.
                    (await healthy.DeleteAsync(key)).Status.ShouldBe(DeletionStatus.Succeeded);
                }
            }
        });
        hits.ShouldBeGreaterThan(10);
    }

    [Fact]
    public async Task A_request_whose_process_died_before_it_began_is_marked_so()
    {
        var database = new FaultScript();
        var dead = Harness.Start(database: database);
        await Harness.AddAsync("a1");
        await dead.DeleteAsync("warm up");
        database.On("begin").Pass().FailBefore(2);
        await Should.ThrowAsync<Exception>(dead.DeleteAsync("a1"));
        (await Harness.AuditAsync("a1")).ShouldBe(["Requested"]);

        Harness.Time.ShiftWallClock(BeyondLease);
        var app = Harness.Start();
        (await app.Deletions.RecoverAsync()).Interrupted.ShouldBe(1);
        (await app.Deletions.RecoverAsync()).Interrupted.ShouldBe(0);
        (await Harness.AuditAsync("a1")).ShouldBe(["Requested", "Interrupted"]);
        await Harness.NothingIsLeftAsync();
    }

    [Fact]
    public async Task A_record_that_cannot_come_back_is_stuck_and_recovery_goes_on_trying()
    {
        await Harness.AddAsync("a1");
        await using (var dead = Harness.Start())
        {
            await AbandonAsync(dead, "a1");
        }

        // Somebody took the row away, or its place.
        await Harness.Database.ExecuteAsync(Mode == RecordMode.PendingColumn
            ? "DELETE FROM attachments"
            : "INSERT INTO attachments (id, path, owner_id) VALUES ('a1', '1/other.bin', 'ada')");
        Harness.Time.ShiftWallClock(BeyondLease);
        var files = new FaultScript();
        var app = Harness.Start(o => o.MaxRetries = 0, files: files);
        files.On("unlink").FailBefore();
        (await app.Deletions.RecoverAsync()).Stuck.ShouldBe(1);
        (await Harness.JournalAsync()).ShouldBe(["3:a1"]);
        (await Harness.AuditAsync("a1")).ShouldBe(["Requested", "Recovered", "AttemptFailed", "Stuck"]);

        Harness.Time.ShiftWallClock(BeyondLease);
        (await app.Deletions.RecoverAsync()).Completed.ShouldBe(1);
        Harness.FileExists("a1").ShouldBeFalse();
        (await Harness.JournalAsync()).ShouldBeEmpty();
    }

    private static async Task<DeletionStatus?> TryAsync(Func<Task<DeletionResult>> action)
    {
        try
        {
            return (await action()).Status;
        }
        catch (Exception exception) when (exception is DbException or InjectedFaultException or IOException)
        {
            return null;
        }
    }

    private static async Task TryAsync(Func<Task> action)
    {
        try
        {
            await action();
        }
        catch (Exception exception) when (exception is DbException or InjectedFaultException or IOException)
        {
            // What the caller sees of the fault.
        }
    }

    /// <summary>Leaves a committed deletion whose process does nothing more.</summary>
    private static async Task AbandonAsync(StorageInstance app, string key)
    {
        app.Files.BeforeUnlink = _ => throw new OperationCanceledException("killed");
        (await app.DeleteAsync(key)).Status.ShouldBe(DeletionStatus.Accepted);
    }
}
