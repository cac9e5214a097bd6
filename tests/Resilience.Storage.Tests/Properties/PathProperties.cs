using FsCheck;
using FsCheck.Fluent;
using Resilience.Storage.Internal;
using Resilience.Storage.Tests.Unit;
using Resilience.TestKit;

namespace Resilience.Storage.Tests.Properties;

/// <summary>Paths put together from the corpus of attacks and from plain names, against the rules and against the real file systems.</summary>
public sealed class PathProperties : IDisposable
{
    private static readonly Config Config = Config.QuickThrowOnFailure.WithMaxTest(2000);
    private static readonly string[] Plain = ["a", "b.bin", "inside", "link", "canary", "x_y-z.1"];
    private static readonly string[] Joints = ["//", "\\", "", "/./", "/../", "%2f"];
    private readonly TempFolder _folder = new("paths");
    private readonly string _root;

    public PathProperties()
    {
        _root = _folder.PathOf("root");
        Directory.CreateDirectory(Path.Combine(_root, "inside"));
        File.WriteAllText(_folder.PathOf("canary"), "canary");
        File.WriteAllText(Path.Combine(_root, "inside", "canary"), "inside");
        Directory.CreateSymbolicLink(Path.Combine(_root, "link"), _folder.FullPath);
    }

    private static Arbitrary<string> Paths => Arb.From(
        from count in Gen.Choose(1, 4)
        from pieces in Gen.Frequency((3, Gen.Elements(Plain)), (1, Gen.Elements(StoragePathTests.Attacks))).ArrayOf(count)
        from joints in Gen.Frequency((4, Gen.Constant("/")), (1, Gen.Elements(Joints))).ArrayOf(count)
        let path = string.Concat(pieces.Zip(joints, static (piece, joint) => piece + joint))
        select count == 4 ? path : path.TrimEnd('/'));

    [Fact]
    public void What_the_rules_allow_stays_below_the_root_and_has_one_spelling() => Prop.ForAll(Paths, path =>
    {
        if (!StoragePath.IsValid(path))
        {
            return true;
        }

        var full = Path.GetFullPath(Path.Combine(_root, path));
        return full == _root + "/" + path && full.StartsWith(_root + "/", StringComparison.Ordinal) && path.All(static c => char.IsAscii(c) && !char.IsControl(c) && c is not ('\\' or ':' or '%'));
    }).Check(Config);

    [Theory]
    [InlineData("kernel")]
    [InlineData("walk")]
    [InlineData("portable")]
    public void No_path_deletes_anything_outside_or_without_its_identity(string kind)
    {
        IDeletableStore store = kind == "portable" ? new PortableFileStore(_root) : new LinuxFileStore(_root, allowKernel: kind == "kernel");
        int valid = 0, refused = 0;
        Prop.ForAll(Paths, path =>
        {
            var outcome = DeleteAsync(store, path).AsTask().GetAwaiter().GetResult();
            valid += outcome is null ? 0 : 1;
            refused += outcome is null ? 1 : 0;
            return outcome != FileRemoval.Removed
                && (StoragePath.IsValid(path) || outcome is null)
                && File.ReadAllText(_folder.PathOf("canary")) == "canary"
                && File.Exists(Path.Combine(_root, "inside", "canary"));
        }).Check(Config);
        (store as IDisposable)?.Dispose();
        valid.ShouldBeGreaterThan(20);
        refused.ShouldBeGreaterThan(20);
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>Null when it was refused for good.</summary>
    private static async ValueTask<FileRemoval?> DeleteAsync(IDeletableStore store, string path)
    {
        try
        {
            return await store.DeleteAsync(path, new FileIdentity("another file's"), default);
        }
        catch (FileAttemptException exception) when (!exception.IsRetryable)
        {
            return null;
        }
    }
}
