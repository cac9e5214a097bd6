using System.IO.Enumeration;

namespace Resilience.Storage.Internal;

/// <summary>Names all files below a folder by what the folder itself says of them: no file is looked at, links are not followed.</summary>
internal static class FileListing
{
    public static IAsyncEnumerable<string> List(string folder)
    {
        var prefix = folder.EndsWith(Path.DirectorySeparatorChar) ? folder.Length : folder.Length + 1;
        return new FileSystemEnumerable<string>(
            folder,
            (ref FileSystemEntry entry) => Relative(ref entry, prefix),
            new EnumerationOptions
            {
                RecurseSubdirectories = true,
                AttributesToSkip = 0,
                // A folder that cannot be read must end the sweep: what it hides would look as if it were gone.
                IgnoreInaccessible = false,
            })
        {
            ShouldIncludePredicate = (ref FileSystemEntry entry) => !entry.IsDirectory && !OwnNames.IsOwn(entry.FileName),
            ShouldRecursePredicate = (ref FileSystemEntry entry) =>
                !OwnNames.IsOwn(entry.FileName) && (entry.Attributes & FileAttributes.ReparsePoint) == 0,
        }.ToAsyncEnumerable();
    }

    private static string Relative(ref FileSystemEntry entry, int prefix)
    {
        var folder = entry.Directory.Length <= prefix ? default : entry.Directory[prefix..];
        if (folder.IsEmpty)
        {
            return entry.FileName.ToString();
        }

        var path = string.Concat(folder, "/", entry.FileName);
        return Path.DirectorySeparatorChar == '/' ? path : path.Replace(Path.DirectorySeparatorChar, '/');
    }
}
