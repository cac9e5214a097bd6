using System.Diagnostics;
using Resilience.Storage.Tests.Unit;
using Resilience.TestKit;

namespace Resilience.Storage.Tests.Conformance;

/// <summary>What a confined store of files promises.</summary>
[ConformanceSuite(typeof(IDeletableStore))]
public abstract class DeletableStoreConformance : IDisposable
{
    private readonly TempFolder _folder = new("files");
    private readonly string _outside;

    protected DeletableStoreConformance()
    {
        Root = _folder.PathOf("root");
        Directory.CreateDirectory(Path.Combine(Root, "d"));
        Directory.CreateDirectory(_folder.PathOf("root-evil"));
        _outside = _folder.PathOf("canary");
        File.WriteAllText(_outside, "canary");
        File.WriteAllText(_folder.PathOf("root-evil/canary"), "canary");
        Store = new(() => Create(Root));
    }

    protected string Root { get; }

    private Lazy<IDeletableStore> Store { get; }

    public void Dispose()
    {
        (Store.Value as IDisposable)?.Dispose();
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    protected abstract IDeletableStore Create(string root);

    [Fact]
    public async Task A_file_is_seen_deleted_once_and_then_missing()
    {
        Put("d/a");
        var probe = await Store.Value.ProbeAsync("d/a", default);
        probe.Kind.ShouldBe(FileProbeKind.File);
        probe.Size.ShouldBe(3);
        (await Store.Value.DeleteAsync("d/a", probe.Identity, default)).ShouldBe(FileRemoval.Removed);
        (await Store.Value.DeleteAsync("d/a", probe.Identity, default)).ShouldBe(FileRemoval.Missing);
        (await Store.Value.DeleteAsync("nowhere/a", probe.Identity, default)).ShouldBe(FileRemoval.Missing);
        (await Store.Value.ProbeAsync("d/a", default)).Kind.ShouldBe(FileProbeKind.Missing);
        await Store.Value.FlushAsync(["d/a", "nowhere/deeper/a"], default);
    }

    [Fact]
    public async Task Another_file_at_the_same_path_is_left_alone()
    {
        Put("d/a");
        var probe = await Store.Value.ProbeAsync("d/a", default);
        File.Delete(Path.Combine(Root, "d/a"));
        (await Store.Value.DeleteAsync("d/a", FileIdentity.None, default)).ShouldBe(FileRemoval.Missing);
        Put("d/a", "another");
        (await Store.Value.DeleteAsync("d/a", probe.Identity, default)).ShouldBe(FileRemoval.Changed);
        (await Store.Value.DeleteAsync("d/a", FileIdentity.None, default)).ShouldBe(FileRemoval.Changed);
        File.Exists(Path.Combine(Root, "d/a")).ShouldBeTrue();
    }

    [Fact]
    public async Task No_attack_of_the_corpus_gets_out_of_the_root_or_does_anything()
    {
        Put("d/a");
        foreach (var path in StoragePathTests.Attacks)
        {
            (await Store.Value.ProbeAsync(path, default)).Kind.ShouldBe(FileProbeKind.Refused, path);
            var exception = await Should.ThrowAsync<FileAttemptException>(async () => await Store.Value.DeleteAsync(path, FileIdentity.None, default));
            exception.IsRetryable.ShouldBeFalse();
        }

        Canaries();
        Directory.GetFileSystemEntries(Root).ShouldBe([Path.Combine(Root, "d")]);
    }

    [Fact]
    public async Task Links_folders_and_pipes_are_refused()
    {
        File.CreateSymbolicLink(Path.Combine(Root, "file-link"), _outside);
        File.CreateSymbolicLink(Path.Combine(Root, "self"), Path.Combine(Root, "self"));
        Directory.CreateSymbolicLink(Path.Combine(Root, "folder-link"), _folder.PathOf("root-evil"));
        Directory.CreateSymbolicLink(Path.Combine(Root, "d/inner"), Root);
        using (var mkfifo = Process.Start("mkfifo", Path.Combine(Root, "pipe")))
        {
            await mkfifo.WaitForExitAsync();
        }

        Put("d/plain");
        foreach (var path in (string[])["file-link", "self", "folder-link/canary", "d/inner/d/plain", "d", "d/plain/x"])
        {
            (await Store.Value.ProbeAsync(path, default)).Kind.ShouldBe(FileProbeKind.Refused, path);
            await Should.ThrowAsync<FileAttemptException>(async () => await Store.Value.DeleteAsync(path, FileIdentity.None, default));
        }

        Canaries();
        File.Exists(Path.Combine(Root, "d/plain")).ShouldBeTrue();
    }

    [Fact]
    public async Task The_listing_names_files_only_does_not_follow_links_and_leaves_out_the_librarys_own()
    {
        Put("d/a");
        Put("b");
        Put(".nfs0001");
        Directory.CreateDirectory(Path.Combine(Root, ".resilience-quarantine"));
        Put(".resilience-quarantine/x");
        Directory.CreateSymbolicLink(Path.Combine(Root, "loop"), Root);
        Directory.CreateSymbolicLink(Path.Combine(Root, "out"), _folder.PathOf("root-evil"));
        var listed = new List<string>();
        await foreach (var path in Store.Value.ListAsync(default))
        {
            listed.Add(path);
        }

        listed.Order().ShouldBe(["b", "d/a"]);
    }

    [Fact]
    public async Task A_file_is_set_aside_brought_back_and_purged_and_never_overwrites_another()
    {
        var store = Store.Value.ShouldBeAssignableTo<IQuarantineStore>()!;
        Put("d/a");
        var identity = (await Store.Value.ProbeAsync("d/a", default)).Identity;
        (await store.SetAsideAsync("d/a", "one", new FileIdentity("other"), default)).ShouldBe(FileRemoval.Changed);
        (await store.SetAsideAsync("d/a", "one", identity, default)).ShouldBe(FileRemoval.Removed);
        (await store.SetAsideAsync("d/a", "two", identity, default)).ShouldBe(FileRemoval.Missing);
        Put("d/a", "another");
        (await store.RestoreAsync("one", "d/a", default)).ShouldBeFalse();
        (await File.ReadAllTextAsync(Path.Combine(Root, "d/a"))).ShouldBe("another");
        File.Delete(Path.Combine(Root, "d/a"));
        (await store.RestoreAsync("one", "d/a", default)).ShouldBeTrue();
        (await Store.Value.ProbeAsync("d/a", default)).Kind.ShouldBe(FileProbeKind.File);
        await store.SetAsideAsync("d/a", "one", (await Store.Value.ProbeAsync("d/a", default)).Identity, default);
        await store.PurgeAsync("one", default);
        await store.PurgeAsync("one", default);
        (await store.RestoreAsync("one", "d/a", default)).ShouldBeFalse();
    }

    [Fact]
    public async Task The_marker_is_replaced_in_one_step_and_a_missing_root_is_an_error_not_an_empty_one()
    {
        var markers = Store.Value.ShouldBeAssignableTo<IRootMarkerStore>()!;
        (await markers.ReadMarkerAsync(default)).ShouldBeNull();
        await markers.WriteMarkerAsync("one 1", default);
        await markers.WriteMarkerAsync("one 2", default);
        (await markers.ReadMarkerAsync(default)).ShouldBe("one 2");
        Directory.GetFiles(Root, ".resilience-root*").Length.ShouldBe(1);

        var nowhere = Create(_folder.PathOf("not-mounted"));
        await Should.ThrowAsync<IOException>(async () => await nowhere.ProbeAsync("a", default));
        await Should.ThrowAsync<IOException>(async () => await ((IRootMarkerStore)nowhere).ReadMarkerAsync(default));
        (nowhere as IDisposable)?.Dispose();
    }

    [Fact]
    public void Files_are_created_once_below_the_root_and_read_back()
    {
        var files = Store.Value.ShouldBeAssignableTo<IConfinedFiles>()!;
        using (var file = files.Create("x/y/z.bin"))
        {
            file.Write("hello"u8);
        }

        Should.Throw<IOException>(() => files.Create("x/y/z.bin"));
        Should.Throw<ArgumentException>(() => files.Create("../z.bin"));
        Should.Throw<ArgumentException>(() => files.OpenRead("../canary"));
        files.OpenRead("x/y/none").ShouldBeNull();
        using var read = files.OpenRead("x/y/z.bin");
        read!.Length.ShouldBe(5);
        File.CreateSymbolicLink(Path.Combine(Root, "link"), _outside);
        Should.Throw<IOException>(() => files.OpenRead("link"));
    }

    protected void Put(string path, string content = "abc") => File.WriteAllText(Path.Combine(Root, path), content);

    protected void Canaries()
    {
        File.ReadAllText(_outside).ShouldBe("canary");
        File.ReadAllText(_folder.PathOf("root-evil/canary")).ShouldBe("canary");
    }
}
