namespace Resilience.TestKit.Processes.Internal;

/// <summary>Finds programs on the PATH and in the folders where Debian puts servers.</summary>
internal static class Binary
{
    public static string Find(string name, string package, params string[] folders) =>
        TryFind(name, folders) ?? throw new MissingProgramException(name, package);

    public static string? TryFind(string name, params string[] folders)
    {
        var path = Environment.GetEnvironmentVariable("PATH") ?? "";
        return folders
            .Concat(path.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries))
            .Concat(["/usr/bin", "/usr/sbin", "/usr/local/bin"])
            .Select(folder => Path.Combine(folder, name))
            .FirstOrDefault(File.Exists);
    }
}
