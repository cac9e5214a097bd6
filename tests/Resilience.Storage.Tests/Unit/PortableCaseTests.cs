using Resilience.Storage.Internal;
using Resilience.TestKit;

namespace Resilience.Storage.Tests.Unit;

public sealed class PortableCaseTests
{
    [Fact]
    public async Task The_portable_store_asks_the_folder_itself_whether_case_counts()
    {
        using var folder = new TempFolder("case");
        var store = new PortableFileStore(folder.FullPath);
        await store.WriteMarkerAsync("marker 1", CancellationToken.None);
        store.IgnoresCase.ShouldBeFalse();

        // What a folder that ignores case answers to the marker's name in capitals.
        await File.WriteAllTextAsync(folder.PathOf(OwnNames.Marker.ToUpperInvariant()), "the same file");
        store.IgnoresCase.ShouldBeTrue();
    }
}
