using Microsoft.Extensions.DependencyInjection;
using Resilience.Storage.Internal;
using Resilience.Storage.Tests.Support;
using Resilience.TestKit;

namespace Resilience.Storage.Tests.Conformance;

/// <content>Many callers, several instances.</content>
public abstract partial class DeletionConformance
{
    private const int Callers = 100;

    [Fact]
    public async Task Of_a_batch_only_the_deletion_whose_file_stays_is_taken_back()
    {
        List<string> keys = [.. Enumerable.Range(0, 12).Select(static i => $"f{i:D2}")];
        await Harness.AddManyAsync(keys);
        var before = await RowAsync("f05");

        var results = await DeleteTogetherAsync(keys, stays: "f05");

        results["f05"].Status.ShouldBe(DeletionStatus.Failed);
        (await RowAsync("f05")).ShouldBe(before);
        (await Harness.AuditAsync("f05")).ShouldBe(["Requested", "AttemptFailed", "RolledBack", "Failed"]);
        foreach (var key in keys.Where(static k => k != "f05"))
        {
            results[key].Status.ShouldBe(DeletionStatus.Succeeded);
            (await Harness.AuditAsync(key)).ShouldBe(["Requested", "Succeeded"]);
        }

        (await Harness.VisibleAsync()).ShouldBe(["f05"]);
        (await Harness.JournalAsync()).ShouldBe(["2:f05"]);
        await Harness.RecordsHaveFilesAsync();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_hundred_deletions_of_one_attachment_have_one_winner_and_no_error(int instances)
    {
        var apps = Enumerable.Range(0, instances).Select(_ => Harness.Start()).ToList();
        for (var round = 0; round < 5; round++)
        {
            var key = $"a{round}";
            await Harness.AddAsync(key);

            var results = await Task.WhenAll(Enumerable.Range(0, Callers).Select(i => Task.Run(() => apps[i % instances].DeleteAsync(key)))).Within();

            results.Count(r => r.Status == DeletionStatus.Succeeded).ShouldBe(1);
            results.Where(r => r.Status != DeletionStatus.Succeeded).ShouldAllBe(r => r.Status == DeletionStatus.AlreadyDeleted || r.Status == DeletionStatus.InProgress);
            (await Harness.AuditAsync(key)).Count(r => r == "Requested").ShouldBe(Callers);
            (await Harness.AuditAsync(key)).Count.ShouldBe(2 * Callers);
        }

        await Harness.NothingIsLeftAsync();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_hundred_different_deletions_orphan_nothing_and_fail_nothing(int instances)
    {
        var apps = Enumerable.Range(0, instances).Select(_ => Harness.Start()).ToList();
        var keys = Enumerable.Range(0, Callers).Select(i => $"k{i}").ToList();
        await Harness.AddManyAsync(keys.Append("stays"));

        var results = await Task.WhenAll(keys.Select((key, i) => Task.Run(() => apps[i % instances].DeleteAsync(key)))).Within();

        results.ShouldAllBe(r => r.Status == DeletionStatus.Succeeded);
        (await Harness.VisibleAsync()).ShouldBe(["stays"]);
        await Harness.NothingIsLeftAsync();
    }

    [Fact]
    public async Task An_authorizer_that_hangs_holds_up_only_its_own_caller()
    {
        var app = Harness.Start(build: b => b.AddAuthorizer<HangingAuthorizer>());
        await Harness.AddAsync("slow");
        await Harness.AddAsync("quick");

        var slow = app.DeleteAsync("slow");
        await Harness.Time.WhenDueInAsync(TimeSpan.FromSeconds(5));
        (await app.DeleteAsync("quick").Within()).Status.ShouldBe(DeletionStatus.Succeeded);
        (await OpenTransactionsAsync()).ShouldBe(0);

        Harness.Time.Advance(TimeSpan.FromSeconds(5));
        (await slow.Within()).ErrorCode.ShouldBe("authorizer_timeout");
        (await Harness.VisibleAsync()).ShouldBe(["slow"]);
        (await Harness.AuditAsync("slow")).ShouldBe(["Requested", "Busy"]);
    }

    [Fact]
    public async Task A_decision_counts_only_for_the_record_that_was_judged()
    {
        var app = Harness.Start(build: b => b.AddAuthorizer<ChangingAuthorizer>());
        await Harness.AddAsync("a1");
        ChangingAuthorizer.Change = () => Harness.Database.ExecuteAsync("UPDATE attachments SET channel = 'secret' WHERE id = 'a1'");

        (await app.DeleteAsync("a1")).Status.ShouldBe(DeletionStatus.NotFound);
        Harness.FileExists("a1").ShouldBeTrue();
    }

    [Fact]
    public async Task Uploads_downloads_and_deletions_at_once_leave_records_and_files_the_same_set()
    {
        var app = Harness.Start();
        await Harness.AddManyAsync(Enumerable.Range(0, 40).Select(i => $"old{i}"));
        var deletions = Enumerable.Range(0, 40).Select(i => Task.Run(() => app.DeleteAsync($"old{i}")));
        var uploads = Enumerable.Range(0, 30).Select(i => Task.Run(() => UploadAsync(app, $"new{i}")));
        var downloads = Enumerable.Range(0, 30).Select(i => Task.Run(() =>
        {
            using var file = app.Files.OpenRead(StorageHarness.RelativeOf($"old{i}"));
            file?.ReadByte();
        }));

        await Task.WhenAll([.. deletions, .. uploads, .. downloads]).Within();

        (await Harness.VisibleAsync()).Count.ShouldBe(30);
        await Harness.NothingIsLeftAsync();
    }

    protected async Task<bool> UploadAsync(StorageInstance app, string key, Func<Task>? whileWriting = null)
    {
        var path = StorageHarness.RelativeOf(key);
        var lease = await app.Uploads.BeginAsync(path, StorageHarness.User);
        if (lease is null)
        {
            return false;
        }

        await using (var file = app.Files.Create(path))
        {
            await file.WriteAsync("hello"u8.ToArray());
            if (whileWriting is not null)
            {
                await whileWriting();
            }

            file.Flush(flushToDisk: true);
        }

        await using var connection = await Harness.Database.Source.OpenConnectionAsync();
        await using (var transaction = await connection.BeginTransactionAsync())
        {
            if (await app.Uploads.CompleteAsync(transaction, lease))
            {
                await using var command = connection.CreateCommand();
                command.Transaction = transaction;
#pragma warning disable CA2100 // Keys of tests.
                command.CommandText = $"INSERT INTO attachments (id, path, owner_id) VALUES ('{key}', '{path}', 'ada')";
#pragma warning restore CA2100
                await command.ExecuteNonQueryAsync();
                await transaction.CommitAsync();
                return true;
            }
        }

        await app.Uploads.AbortAsync(lease);
        return false;
    }

    private sealed class HangingAuthorizer : IDeletionAuthorizer
    {
        public async ValueTask<bool> CanDeleteAsync(FileRecord record, DeletionContext who, CancellationToken cancellationToken)
        {
            if (record.Key == "slow")
            {
                // Deaf to its token, as somebody's code may be.
                await new TaskCompletionSource().Task;
            }

            return true;
        }
    }

    private sealed class ChangingAuthorizer : IDeletionAuthorizer
    {
        private static readonly AsyncLocal<Func<Task>?> Pending = new();

        public static Func<Task>? Change
        {
            get => Pending.Value;
            set => Pending.Value = value;
        }

        public async ValueTask<bool> CanDeleteAsync(FileRecord record, DeletionContext who, CancellationToken cancellationToken)
        {
            if (record.Columns["channel"] == "secret")
            {
                return false;
            }

            await Change!();
            return true;
        }
    }

    /// <summary>
    /// Deletes all in one batch; one file cannot be deleted, which shows only when the transaction has begun to write the success of all.
    /// </summary>
    private async Task<Dictionary<string, DeletionResult>> DeleteTogetherAsync(List<string> keys, string stays)
    {
        const string Ahead = "ahead";
        var (database, aheadMayGo, staySeen) = (new FaultScript(), NewSignal(), NewSignal());
        var app = Harness.Start(o => o.MaxRetries = 0, database: database);
        await app.DeleteAsync("warm up");
        await Harness.AddManyAsync([Ahead]);
        app.Files.BeforeUnlink = async path =>
        {
            if (path == StorageHarness.RelativeOf(Ahead))
            {
                await aheadMayGo.Task;
            }
            else if (path == StorageHarness.RelativeOf(stays))
            {
                await staySeen.Task;
                throw new FileAttemptException("EIO");
            }
        };

        // While one is being finished, the others gather behind it.
        database.On("savepoint").HangAfter(2);
        var ahead = app.DeleteAsync(Ahead);
        await database.WhenHangingAsync("savepoint");
        var deletions = keys.ToDictionary(static key => key, key => app.DeleteAsync(key));
        if (Harness.Database.Dialect == SqlDialect.PostgreSql)
        {
            // There they are begun meanwhile, and wait for the last step only.
            await Watchdog.UntilAsync(async () => (await Harness.JournalAsync()).Count == keys.Count + 1);
        }

        var loop = app.Services.GetRequiredService<CommitLoop>();
        await Watchdog.UntilAsync(() => loop.Queued == keys.Count);
        aheadMayGo.SetResult();
        database.Release();
        (await ahead.Within()).Status.ShouldBe(DeletionStatus.Succeeded);

        // From the savepoint on the success is written, whatever becomes of the files meanwhile.
        await database.WhenHangingAsync("savepoint");
        staySeen.SetResult();
        database.Release();
        var results = new Dictionary<string, DeletionResult>(StringComparer.Ordinal);
        foreach (var (key, deletion) in deletions)
        {
            results.Add(key, await deletion.Within());
        }

        app.Logs.Of(3004).ShouldBeEmpty("one transaction did it all, and none was run again step by step");
        return results;
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
