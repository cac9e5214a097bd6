using Resilience.Storage.Tests.Support;
using Resilience.TestKit;

namespace Resilience.Storage.Tests.Conformance;

/// <summary>What deletion promises, whatever the database and the kind of record. One derived class per database and mode.</summary>
public abstract partial class DeletionConformance : IAsyncLifetime
{
    protected StorageHarness Harness { get; private set; } = null!;

    protected abstract RecordMode Mode { get; }

    public async ValueTask InitializeAsync() => Harness = await StorageHarness.CreateAsync(await CreateDatabaseAsync(), Mode);

    public async ValueTask DisposeAsync()
    {
        await Harness.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    protected abstract Task<ITestDatabase> CreateDatabaseAsync();

    [Fact]
    public async Task A_deletion_takes_record_and_file()
    {
        var app = Harness.Start();
        await Harness.AddAsync("a1");
        await Harness.AddAsync("b1");

        var result = await app.DeleteAsync("a1");

        result.Status.ShouldBe(DeletionStatus.Succeeded);
        result.Attempts.ShouldBe(1);
        (await Harness.VisibleAsync()).ShouldBe(["b1"]);
        await Harness.NothingIsLeftAsync();
        (await Harness.AuditAsync("a1")).ShouldBe(["Requested", "Succeeded"]);
    }

    [Fact]
    public async Task The_second_deletion_is_told_that_it_came_too_late_and_a_wrong_key_that_there_is_nothing()
    {
        var app = Harness.Start();
        await Harness.AddAsync("a1");
        await app.DeleteAsync("a1");

        (await app.DeleteAsync("a1")).Status.ShouldBe(DeletionStatus.AlreadyDeleted);
        (await app.DeleteAsync("nothing")).Status.ShouldBe(DeletionStatus.NotFound);
        (await app.DeleteAsync("\0")).Status.ShouldBe(DeletionStatus.NotFound);
        (await Harness.AuditAsync("nothing")).ShouldBe(["Requested", "NotFound"]);
        (await Harness.AuditAsync("\\u0000")).ShouldBe(["Requested", "NotFound"]);
    }

    [Fact]
    public async Task Only_the_owner_may_delete_and_the_refusal_is_in_the_audit_trail()
    {
        var app = Harness.Start();
        await Harness.AddAsync("a1");

        (await app.DeleteAsync("a1", "mallory")).Status.ShouldBe(DeletionStatus.NotFound);
        (await Harness.AuditAsync("a1")).ShouldBe(["Requested", "Denied"]);
        Harness.FileExists("a1").ShouldBeTrue();

        var open = Harness.Start(o => o.HideExistence = false);
        (await open.DeleteAsync("a1", "mallory")).Status.ShouldBe(DeletionStatus.Denied);
        (await open.DeleteAsync("a1")).Status.ShouldBe(DeletionStatus.Succeeded);
    }

    [Fact]
    public async Task A_record_whose_file_is_missing_goes_and_the_trail_says_so_or_is_refused_by_option()
    {
        var app = Harness.Start();
        var strict = Harness.Start(o => o.MissingFile = MissingFileBehavior.Refuse);
        await Harness.AddAsync("a1", content: "");

        var refused = await strict.DeleteAsync("a1");
        refused.ShouldBe(new DeletionResult(DeletionStatus.Refused, 0, refused.DeletionId, "file_missing"));
        (await Harness.VisibleAsync()).ShouldBe(["a1"]);

        (await app.DeleteAsync("a1")).ErrorCode.ShouldBe("file_missing");
        (await Harness.AuditAsync("a1")).ShouldBe(["Requested", "FileMissing", "Requested", "FileMissing", "Succeeded"]);
        await Harness.NothingIsLeftAsync();
    }

    [Fact]
    public async Task The_file_is_untouched_until_the_commit_and_the_journal_row_stays_until_the_folder_is_flushed()
    {
        var database = new FaultScript();
        var files = new FaultScript();
        var app = Harness.Start(files: files, database: database);
        await Harness.AddAsync("a1");
        await app.DeleteAsync("missing");
        files.On("unlink").HangBefore();
        files.On("flush").HangBefore();

        var deletion = app.DeleteAsync("a1");
        await files.WhenHangingAsync("unlink");
        database.Calls.TakeLast(20).ShouldContain("commit");
        (await Harness.VisibleAsync()).ShouldBeEmpty();
        (await Harness.JournalAsync()).ShouldBe(["1:a1"]);
        Harness.FileExists("a1").ShouldBeTrue();

        files.Release("unlink");
        await files.WhenHangingAsync("flush");
        Harness.FileExists("a1").ShouldBeFalse();
        (await Harness.JournalAsync()).ShouldBe(["1:a1"]);

        files.Release("flush");
        (await deletion.Within()).Status.ShouldBe(DeletionStatus.Succeeded);
        (await Harness.JournalAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_file_that_cannot_be_deleted_is_tried_after_1_2_and_4_seconds_and_then_the_record_is_back_as_it_was()
    {
        var files = new FaultScript();
        var app = Harness.Start(files: files);
        await Harness.AddAsync("a1");
        var before = await RowAsync("a1");
        files.On("unlink").FailBefore(4);

        var deletion = app.DeleteAsync("a1");
        foreach (var wait in (double[])[1, 2, 4])
        {
            await Harness.Time.WhenDueInAsync(TimeSpan.FromSeconds(wait));
            (await Harness.VisibleAsync()).ShouldBeEmpty();
            Harness.Time.Advance(TimeSpan.FromSeconds(wait));
        }

        var result = await deletion.Within();
        result.Status.ShouldBe(DeletionStatus.Failed);
        result.ErrorCode.ShouldBe("EIO");
        result.Attempts.ShouldBe(4);
        Harness.FileExists("a1").ShouldBeTrue();
        (await RowAsync("a1")).ShouldBe(before);
        (await Harness.JournalAsync()).ShouldBe(["2:a1"]);
        (await Harness.AuditAsync("a1")).ShouldBe(
            ["Requested", "AttemptFailed", "AttemptFailed", "AttemptFailed", "AttemptFailed", "RolledBack", "Failed"]);

        (await app.DeleteAsync("a1")).Status.ShouldBe(DeletionStatus.Succeeded);
        await Harness.NothingIsLeftAsync();
        (await Harness.JournalAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_retry_that_succeeds_is_a_success()
    {
        var files = new FaultScript();
        var app = Harness.Start(files: files);
        await Harness.AddAsync("a1");
        files.On("unlink").FailBefore(2);

        var deletion = app.DeleteAsync("a1");
        await Harness.Time.DriveAsync(deletion, TimeSpan.FromSeconds(3));

        (await deletion).ShouldBe(new DeletionResult(DeletionStatus.Succeeded, 3, (await deletion).DeletionId, null));
        await Harness.NothingIsLeftAsync();
    }

    [Fact]
    public async Task A_file_that_is_gone_although_every_try_failed_never_leaves_a_record_without_a_file()
    {
        // The reply to the unlink was lost, again and again: NFS, a time limit. The file is looked at before the record comes back.
        var files = new FaultScript();
        var app = Harness.Start(o => o.MaxRetries = 0, files: files);
        await Harness.AddAsync("a1");
        files.On("unlink").FailAfter();

        (await app.DeleteAsync("a1")).Status.ShouldBe(DeletionStatus.Succeeded);
        await Harness.NothingIsLeftAsync();
    }

    [Fact]
    public async Task The_waits_of_a_retry_hold_no_connection_and_no_transaction()
    {
        var files = new FaultScript();
        var app = Harness.Start(files: files);
        await Harness.AddAsync("a1");
        await Harness.AddAsync("b1");
        files.On("unlink").FailBefore();

        var waiting = app.DeleteAsync("a1");
        await Harness.Time.WhenDueInAsync(TimeSpan.FromSeconds(1));

        // On SQLite an open transaction would hold the write lock, and on PostgreSQL it would show in the server's list.
        (await app.DeleteAsync("b1").Within()).Status.ShouldBe(DeletionStatus.Succeeded);
        (await OpenTransactionsAsync()).ShouldBe(0);
        Harness.Time.Advance(TimeSpan.FromSeconds(1));
        (await waiting.Within()).Status.ShouldBe(DeletionStatus.Succeeded);
    }

    [Fact]
    public async Task Authorisation_is_decided_on_the_locked_row()
    {
        var database = new FaultScript();
        var app = Harness.Start(database: database);
        await Harness.AddAsync("a1");
        await app.DeleteAsync("warm up");
        database.On("begin").Pass().HangBefore();

        // The request is written; the owner changes before the row is locked.
        var deletion = app.DeleteAsync("a1");
        await database.WhenHangingAsync("begin");
        await Harness.Database.ExecuteAsync("UPDATE attachments SET owner_id = 'eve' WHERE id = 'a1'");
        database.Release();

        (await deletion.Within()).Status.ShouldBe(DeletionStatus.NotFound);
        Harness.FileExists("a1").ShouldBeTrue();
    }

    [Fact]
    public async Task A_file_that_two_records_share_is_refused()
    {
        var app = Harness.Start();
        await Harness.AddAsync("a1");
        await Harness.InsertAsync("b1", StorageHarness.RelativeOf("a1"));

        (await app.DeleteAsync("a1")).ErrorCode.ShouldBe("path_shared");
        (await Harness.VisibleAsync()).ShouldBe(["a1", "b1"]);
        Harness.FileExists("a1").ShouldBeTrue();
    }

    [Fact]
    public async Task A_file_that_was_replaced_after_the_commit_is_left_alone_and_the_record_is_back()
    {
        var app = Harness.Start();
        await Harness.AddAsync("a1");
        app.Files.BeforeUnlink = async path =>
        {
            File.Delete(Path.Combine(Harness.Root, path));
            await File.WriteAllTextAsync(Path.Combine(Harness.Root, path), "another file altogether");
        };

        var result = await app.DeleteAsync("a1");

        result.ErrorCode.ShouldBe("identity_changed");
        (await File.ReadAllTextAsync(Harness.PathOf("a1"))).ShouldBe("another file altogether");
        await Harness.RecordsHaveFilesAsync();
        (await Harness.VisibleAsync()).ShouldBe(["a1"]);
    }

    [Fact]
    public async Task Cancelling_before_the_commit_changes_nothing_and_after_it_the_deletion_goes_on()
    {
        var database = new FaultScript();
        var files = new FaultScript();
        var app = Harness.Start(files: files, database: database);
        await Harness.AddAsync("a1");
        await Harness.AddAsync("b1");
        await app.DeleteAsync("warm up");
        database.On("begin").HangBefore();
        using var early = new CancellationTokenSource();
        var never = app.DeleteAsync("a1", cancellationToken: early.Token);
        await database.WhenHangingAsync("begin");
        await early.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(never);
        database.Release();

        files.On("unlink").HangBefore();
        using var late = new CancellationTokenSource();
        var goesOn = app.DeleteAsync("b1", cancellationToken: late.Token);
        await files.WhenHangingAsync("unlink");
        await late.CancelAsync();
        (await goesOn.Within()).Status.ShouldBe(DeletionStatus.Accepted);
        files.Release();

        await Watchdog.UntilAsync(async () => (await Harness.JournalAsync()).Count == 0);
        (await Harness.VisibleAsync()).ShouldBe(["a1"]);
        (await Harness.AuditAsync("a1")).ShouldContain("Cancelled");
        await Harness.NothingIsLeftAsync();
    }

    protected abstract Task<int> OpenTransactionsAsync();

    protected async Task<string> RowAsync(string key)
    {
        var extra = Mode == RecordMode.PendingColumn ? " || '|' || COALESCE(pending_delete, '')" : string.Empty;
        return (await Harness.ListAsync(
            "SELECT id || '|' || path || '|' || owner_id || '|' || COALESCE(channel, 'null') || '|' || COALESCE(size, -1) || '|' || COALESCE(note, 'null')" + extra + " FROM attachments WHERE id = @id",
            ("@id", key))).Single();
    }
}
