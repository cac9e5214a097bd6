using Microsoft.Extensions.DependencyInjection;
using Resilience.Storage.Tests.Support;
using Resilience.TestKit;

namespace Resilience.Storage.Tests.Conformance;

/// <content>Files in a store of the application's own, records in a store of its own.</content>
public abstract partial class DeletionConformance
{
    [Fact]
    public async Task Files_in_a_remote_store_follow_their_records_through_retries_and_crashes()
    {
        var remote = new RemoteStore();
        var app = Harness.Start(build: b => b.UseFiles(_ => remote));
        var keys = Enumerable.Range(0, 30).Select(i => $"k{i:D2}").ToList();
        foreach (var key in keys)
        {
            await Harness.InsertAsync(key, StorageHarness.RelativeOf(key));
            remote.Put(StorageHarness.RelativeOf(key));
        }

        // Two tries fail at the store; each of them is made again.
        remote.Script.On("delete").FailBefore().FailAfter();
        var deletions = Task.WhenAll(keys.Take(20).Select(key => Task.Run(() => app.DeleteAsync(key))));
        await Harness.Time.DriveAsync(deletions, TimeSpan.FromMinutes(1));
        (await deletions).ShouldAllBe(r => r.Status == DeletionStatus.Succeeded);
        remote.Names.Count.ShouldBe(10);
        (await Harness.VisibleAsync()).ShouldBe(keys[20..]);

        // A process that dies with the object still there: in the batch, and in the run by itself that follows.
        remote.Script.On("delete").FailBefore(2, static () => new OperationCanceledException("killed"));
        (await app.DeleteAsync(keys[20])).Status.ShouldBe(DeletionStatus.Accepted);
        Harness.Time.ShiftWallClock(BeyondLease);
        await using var other = Harness.Start(build: b => b.UseFiles(_ => remote));
        (await other.Deletions.RecoverAsync()).Completed.ShouldBe(1);
        remote.Names.Order().ShouldBe(keys[21..].Select(StorageHarness.RelativeOf).Order());
        (await Harness.RowsAsync()).ShouldBe(keys[21..]);
        (await Harness.JournalAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task An_object_that_was_overwritten_in_a_remote_store_is_left_alone_and_its_record_is_back()
    {
        var remote = new RemoteStore();
        var app = Harness.Start(build: b => b.UseFiles(_ => remote));
        await Harness.InsertAsync("a1", "1/a1.bin");
        remote.Put("1/a1.bin");
        remote.Script.On("delete").HangBefore();

        var deletion = app.DeleteAsync("a1");
        await remote.Script.WhenHangingAsync("delete");
        remote.Put("1/a1.bin");
        remote.Script.Release();

        (await deletion.Within()).ErrorCode.ShouldBe("identity_changed");
        remote.Names.ShouldBe(["1/a1.bin"]);
        (await Harness.VisibleAsync()).ShouldBe(["a1"]);
    }

    [Fact]
    public async Task Records_in_a_store_of_your_own_go_come_back_and_are_recovered_like_any()
    {
        var files = new FaultScript();
        await Harness.Database.ExecuteAsync(TwoTableStore.Tables);
        await using var app = StartOwn(files, retries: 1);
        foreach (var key in (string[])["a1", "b1", "c1"])
        {
            await AddOwnAsync(key);
        }

        (await app.DeleteAsync("a1")).Status.ShouldBe(DeletionStatus.Succeeded);
        (await app.DeleteAsync("a1")).Status.ShouldBe(DeletionStatus.AlreadyDeleted);
        (await app.DeleteAsync("b1", "eve")).Status.ShouldBe(DeletionStatus.NotFound);
        (await OwnAsync()).ShouldBe(["b1|of b1|1/b1.bin", "c1|of c1|1/c1.bin"]);

        files.On("unlink").FailBefore(2);
        var failing = app.DeleteAsync("b1");
        await Harness.Time.DriveAsync(failing, TimeSpan.FromMinutes(1));
        (await failing).Status.ShouldBe(DeletionStatus.Failed);
        (await OwnAsync()).ShouldBe(["b1|of b1|1/b1.bin", "c1|of c1|1/c1.bin"]);
        Harness.FileExists("b1").ShouldBeTrue();

        await AbandonAsync(app, "c1");
        (await OwnAsync()).ShouldBe(["b1|of b1|1/b1.bin"]);
        Harness.Time.ShiftWallClock(BeyondLease);
        await using var other = StartOwn(new FaultScript(), retries: 0);
        (await other.Deletions.RecoverAsync()).Completed.ShouldBe(1);
        Harness.Files().ShouldBe(["1/b1.bin"]);
        (await Harness.JournalAsync()).ShouldBe(["2:b1"]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_hundred_deletions_of_one_record_in_a_store_of_your_own_have_one_winner(int instances)
    {
        await Harness.Database.ExecuteAsync(TwoTableStore.Tables);
        var apps = Enumerable.Range(0, instances).Select(_ => StartOwn(new FaultScript(), retries: 0)).ToList();
        await AddOwnAsync("a1");

        var results = await Task.WhenAll(Enumerable.Range(0, Callers).Select(i => Task.Run(() => apps[i % instances].DeleteAsync("a1")))).Within();

        results.Count(static r => r.Status == DeletionStatus.Succeeded).ShouldBe(1);
        results.ShouldAllBe(static r => r.IsGone || r.Status == DeletionStatus.InProgress);
        (await OwnAsync()).ShouldBeEmpty();
        Harness.Files().ShouldBeEmpty();
        (await Harness.JournalAsync()).ShouldBeEmpty();
    }

    private StorageInstance StartOwn(FaultScript files, int retries) => Harness.Start(
        o => o.MaxRetries = retries,
        b =>
        {
            b.Services.AddSingleton(new TwoTableStore(Harness.Database.Dialect));
            b.UseStore<TwoTableStore>();
        },
        files);

    private async Task AddOwnAsync(string key)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Harness.PathOf(key))!);
        await File.WriteAllTextAsync(Harness.PathOf(key), key);
        await Harness.Database.ExecuteAsync(
            $"INSERT INTO documents (id, title, owner_id) VALUES ('{key}', 'of {key}', 'ada'); INSERT INTO blobs (document_id, path) VALUES ('{key}', '{StorageHarness.RelativeOf(key)}')");
    }

    private Task<List<string>> OwnAsync() => Harness.ListAsync("SELECT d.id || '|' || d.title || '|' || b.path FROM documents d JOIN blobs b ON b.document_id = d.id ORDER BY d.id");
}
