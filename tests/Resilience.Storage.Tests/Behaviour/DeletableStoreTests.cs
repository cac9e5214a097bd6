using Resilience.Storage.Internal;
using Resilience.Storage.Tests.Conformance;
using Resilience.TestKit;

namespace Resilience.Storage.Tests.Behaviour;

[Conforms(typeof(LinuxFileStore))]
public sealed class KernelFileStoreTests : DeletableStoreConformance
{
    protected override IDeletableStore Create(string root) => new LinuxFileStore(root);

    [Fact]
    public void The_kernel_resolves_paths_here()
    {
        using var store = new LinuxFileStore(Root);
        store.Confinement.ShouldBe(FileConfinement.Kernel);
    }
}

[Conforms(typeof(LinuxFileStore))]
public sealed class WalkingFileStoreTests : DeletableStoreConformance
{
    protected override IDeletableStore Create(string root) => new LinuxFileStore(root, allowKernel: false);

    [Fact]
    public void Without_openat2_paths_are_walked_component_by_component()
    {
        using var store = new LinuxFileStore(Root, allowKernel: false);
        store.Confinement.ShouldBe(FileConfinement.HandleWalk);
    }
}

[Conforms(typeof(PortableFileStore))]
public sealed class PortableFileStoreTests : DeletableStoreConformance
{
    protected override IDeletableStore Create(string root) => new PortableFileStore(root);
}

public sealed class StoreCompletenessTests
{
    [Fact]
    public void Every_store_of_files_is_tested() => ConformanceCompleteness.Check(GetType().Assembly, typeof(LinuxFileStore).Assembly);
}

/// <summary>A folder is swapped for a link to the outside while files below it are deleted.</summary>
public sealed class LinkSwapTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_folder_that_is_swapped_for_a_link_in_a_tight_loop_never_leads_outside(bool kernel)
    {
        const int Rounds = 4000;
        const int FarBound = 100 * Rounds;
        using var folder = new TempFolder("swap");
        var root = folder.PathOf("root");
        var inside = Path.Combine(root, "d");
        var outside = folder.PathOf("outside");
        Directory.CreateDirectory(inside);
        Directory.CreateDirectory(outside);
        for (var i = 0; i < 100; i++)
        {
            // The canaries have the names that are deleted inside.
            await File.WriteAllTextAsync(Path.Combine(outside, $"f{i}"), "canary");
        }

        using var store = new LinuxFileStore(root, kernel);
        using var stop = new CancellationTokenSource();
        var swapper = Task.Run(() =>
        {
            var aside = Path.Combine(root, "aside");
            while (!stop.IsCancellationRequested)
            {
                Directory.Move(inside, aside);
                Directory.CreateSymbolicLink(inside, outside);
                File.Delete(inside);
                Directory.Move(aside, inside);
            }
        });
        int removed = 0, refused = 0;

        // The swapper may rest for a whole turn of the scheduler with the link or with the folder in place: both sides are to be met.
        for (var i = 0; i < Rounds || ((removed == 0 || refused == 0) && i < FarBound); i++)
        {
            try
            {
                await File.WriteAllTextAsync(Path.Combine(root, "staged"), "x");
                var probe = await store.ProbeAsync($"d/f{i % 100}", default);
                var removal = await store.DeleteAsync($"d/f{i % 100}", probe.Identity, default);
                removed += removal == FileRemoval.Removed ? 1 : 0;
                File.Move(Path.Combine(root, "staged"), Path.Combine(inside, $"f{i % 100}"), overwrite: false);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                refused++;
            }
        }

        await stop.CancelAsync();
        await swapper.Within();

        // The test's own move may have put a file outside, which is what an unconfined deletion would do too; no canary may be gone.
        Directory.GetFiles(outside).Length.ShouldBe(100);
        refused.ShouldBeGreaterThan(0, "no swap was ever met: nothing was tested");
        removed.ShouldBeGreaterThan(0);
    }
}
