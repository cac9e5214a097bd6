using Microsoft.Extensions.DependencyInjection;
using Resilience.TestKit;

namespace Resilience.Storage.Tests.Conformance;

/// <content>What callers are told, and who is told what.</content>
public abstract partial class DeletionConformance
{
    [Fact]
    public async Task An_outsider_learns_nothing_of_a_record_from_its_deletion_whether_in_one_batch_under_way_or_done()
    {
        var files = new FaultScript();
        var database = new FaultScript();
        var app = Harness.Start(o => o.LockTimeout = TimeSpan.FromMilliseconds(100), files: files, database: database);
        await Harness.AddAsync("a1");
        await app.DeleteAsync("warm up");
        database.On("begin").HangBefore();
        files.On("unlink").HangBefore();

        // While one request is being written the others gather, so owner and outsider share a batch.
        var first = app.DeleteAsync("nothing");
        await database.WhenHangingAsync("begin");
        var owner = app.DeleteAsync("a1");
        var inBatch = app.DeleteAsync("a1", "mallory");
        var second = app.DeleteAsync("a1");
        database.Release();
        (await first.Within()).Status.ShouldBe(DeletionStatus.NotFound);
        (await inBatch.Within()).Status.ShouldBe(DeletionStatus.NotFound);
        (await second.Within()).Status.ShouldBe(DeletionStatus.InProgress);

        // The last step holds its row (on SQLite: the database), so the next two wait for it, on PostgreSQL for a while.
        await files.WhenHangingAsync("unlink");
        var underWay = app.DeleteAsync("a1", "mallory");
        var told = app.DeleteAsync("a1");
        if (Harness.Database.Dialect == SqlDialect.PostgreSql)
        {
            await Task.WhenAll(underWay, told).Within();
        }

        files.Release();
        (await owner.Within()).Status.ShouldBe(DeletionStatus.Succeeded);
        (await underWay.Within()).ShouldBe(new DeletionResult(DeletionStatus.NotFound, 0, (await underWay).DeletionId, null));
        (await told.Within()).Status.ShouldBeOneOf(DeletionStatus.Busy, DeletionStatus.InProgress, DeletionStatus.AlreadyDeleted);
        (await app.DeleteAsync("a1", "mallory")).Status.ShouldBe(DeletionStatus.NotFound);
        (await app.DeleteAsync("a1")).Status.ShouldBe(DeletionStatus.AlreadyDeleted);

        // The trail keeps the truth.
        var trail = await Harness.ListAsync("SELECT result FROM resilience_file_audit WHERE record_key = 'a1' AND user_id = 'mallory' AND result <> 'Requested' ORDER BY id");
        trail.Count.ShouldBe(3);
        trail[0].ShouldBe("InProgress");
        trail[1].ShouldBeOneOf("InProgress", "AlreadyDeleted", "Busy");
        trail[2].ShouldBe("AlreadyDeleted");
    }

    [Fact]
    public async Task Where_existence_is_no_secret_everyone_is_told_how_it_stands()
    {
        var open = Harness.Start(o => o.HideExistence = false);
        var anyone = Harness.Start(build: b => b.AllowAnyUser());
        await Harness.AddAsync("a1");
        await Harness.AddAsync("b1");

        await open.DeleteAsync("a1");
        (await open.DeleteAsync("a1", "mallory")).Status.ShouldBe(DeletionStatus.AlreadyDeleted);
        await anyone.DeleteAsync("b1");
        (await anyone.DeleteAsync("b1", "mallory")).Status.ShouldBe(DeletionStatus.AlreadyDeleted);
    }

    [Fact]
    public async Task An_accepted_deletion_is_not_gone_for_its_file_may_prove_undeletable()
    {
        var reached = new TaskCompletionSource();
        var goOn = new TaskCompletionSource();
        var app = Harness.Start(o => o.MaxRetries = 0);
        await Harness.AddAsync("a1");
        app.Files.BeforeUnlink = async _ =>
        {
            reached.TrySetResult();
            await goOn.Task;
            throw new FileAttemptException("EIO");
        };
        using var patience = new CancellationTokenSource();
        var deletion = app.DeleteAsync("a1", cancellationToken: patience.Token);
        await reached.Task.Within();
        await patience.CancelAsync();

        var result = await deletion.Within();
        result.Status.ShouldBe(DeletionStatus.Accepted);
        result.IsGone.ShouldBeFalse();

        goOn.SetResult();
        await Watchdog.UntilAsync(async () => (await Harness.JournalAsync()).SequenceEqual(["2:a1"]));
        (await Harness.VisibleAsync()).ShouldBe(["a1"]);
        Harness.FileExists("a1").ShouldBeTrue();
    }
}
