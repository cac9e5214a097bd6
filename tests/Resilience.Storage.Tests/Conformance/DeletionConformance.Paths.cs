using Resilience.Storage.Tests.Unit;
using Resilience.TestKit;

namespace Resilience.Storage.Tests.Conformance;

/// <content>The path in the database is not trusted either; rows that the application holds.</content>
public abstract partial class DeletionConformance
{
    [Fact]
    public async Task A_poisoned_path_in_the_database_is_refused_and_audited_and_nothing_outside_the_root_changes()
    {
        var app = Harness.Start();
        var canary = Path.Combine(Harness.Outside, "canary");
        await File.WriteAllTextAsync(canary, "canary");
        File.CreateSymbolicLink(Path.Combine(Harness.Root, "link"), canary);
        Directory.CreateSymbolicLink(Path.Combine(Harness.Root, "folder"), Harness.Outside);
        Directory.CreateDirectory(Path.Combine(Harness.Root, "real"));
        var poison = StoragePathTests.Attacks
            .Where(p => !p.Contains('\0', StringComparison.Ordinal) && !p.Any(char.IsSurrogate))
            .Concat(["../canary", "link", "folder/canary", "real"])
            .Distinct()
            .ToList();
        for (var i = 0; i < poison.Count; i++)
        {
            await Harness.InsertAsync($"p{i}", poison[i]);
        }

        for (var i = 0; i < poison.Count; i++)
        {
            (await app.DeleteAsync($"p{i}")).Status.ShouldBe(DeletionStatus.Refused, poison[i]);
            (await Harness.AuditAsync($"p{i}")).ShouldBe(["Requested", "InvalidPath"]);
        }

        (await File.ReadAllTextAsync(canary)).ShouldBe("canary");
        (await Harness.VisibleAsync()).Count.ShouldBe(poison.Count);
        (await Harness.JournalAsync()).ShouldBeEmpty();
        (await Harness.AuditOfAllAsync()).ShouldAllBe(row => !row.Any(char.IsControl));
    }

    [Fact]
    public async Task A_folder_swapped_for_a_link_after_the_commit_leads_nowhere_and_the_deletion_stays_on_record()
    {
        var app = Harness.Start();
        await Harness.AddAsync("a1");
        var outside = Path.Combine(Harness.Outside, "elsewhere");
        Directory.CreateDirectory(outside);
        await File.WriteAllTextAsync(Path.Combine(outside, "a1.bin"), "canary");
        app.Files.BeforeUnlink = _ =>
        {
            app.Files.BeforeUnlink = null;
            Directory.Move(Path.Combine(Harness.Root, "1"), Path.Combine(Harness.Outside, "moved"));
            Directory.CreateSymbolicLink(Path.Combine(Harness.Root, "1"), outside);
            return Task.CompletedTask;
        };

        (await app.DeleteAsync("a1")).Status.ShouldBe(DeletionStatus.Stuck);
        (await File.ReadAllTextAsync(Path.Combine(outside, "a1.bin"))).ShouldBe("canary");
        (await Harness.AuditAsync("a1")).ShouldBe(["Requested", "AttemptFailed", "Stuck"]);

        File.Delete(Path.Combine(Harness.Root, "1"));
        Directory.Move(Path.Combine(Harness.Outside, "moved"), Path.Combine(Harness.Root, "1"));
        Harness.Time.ShiftWallClock(BeyondLease);
        (await app.Deletions.RecoverAsync()).Completed.ShouldBe(1);
        await Harness.NothingIsLeftAsync();
    }

    [Fact]
    public async Task A_file_is_not_taken_for_missing_while_its_folder_is_not_mounted()
    {
        var app = Harness.Start();
        await Harness.AddAsync("a1");
        await app.DeleteAsync("warm up");
        File.Move(Path.Combine(Harness.Root, ".resilience-root"), Path.Combine(Harness.Outside, "marker"));
        File.Move(Harness.PathOf("a1"), Path.Combine(Harness.Outside, "a1"));

        await Should.ThrowAsync<IOException>(app.DeleteAsync("a1"));
        (await Harness.VisibleAsync()).ShouldBe(["a1"]);
    }

    [Fact]
    public async Task Recovery_may_run_while_deletions_are_live_without_touching_them()
    {
        var app = Harness.Start();
        var other = Harness.Start();
        await Harness.AddManyAsync(Enumerable.Range(0, 60).Select(i => $"k{i}"));
        var deletions = Task.WhenAll(Enumerable.Range(0, 60).Select(i => Task.Run(() => app.DeleteAsync($"k{i}"))));
        while (!deletions.IsCompleted)
        {
            (await other.Deletions.RecoverAsync().Within()).Claimed.ShouldBe(0);
        }

        (await deletions).ShouldAllBe(r => r.Status == DeletionStatus.Succeeded);
        await Harness.NothingIsLeftAsync();
    }
}
