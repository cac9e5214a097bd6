using System.Diagnostics;
using System.Globalization;
using Resilience.TestKit.Processes.Internal;

namespace Resilience.TestKit.Servers.Internal;

/// <summary>
/// Data folders of PostgreSQL. initdb takes seconds, so it runs once per machine and version; each server gets a copy of its result.
/// </summary>
internal static class PostgreSqlCluster
{
    private const string Package = "postgresql-15";
    private const string SystemUser = "postgres";

    /// <summary>PostgreSQL refuses to run as root.</summary>
    private static string? User => Posix.IsRoot ? SystemUser : null;

    /// <summary>Creates a data folder.</summary>
    public static async Task CreateAsync(string folder)
    {
        RequireUser();
        var template = await TemplateAsync().ConfigureAwait(false);
        await RunAsync("cp", "coreutils", ["-a", "--reflink=auto", template, folder], user: null).ConfigureAwait(false);
    }

    /// <summary>Starts a server on a data folder. If this process dies, the server gets SIGQUIT: it ends at once and frees its shared memory.</summary>
    public static async Task<ManagedProcess> StartAsync(string folder, IEnumerable<(string Name, string Value)> settings)
    {
        (string Name, string Value)[] all =
        [
            ("listen_addresses", "127.0.0.1"),
            ("unix_socket_directories", folder),
            ("shared_buffers", "64MB"),
            ("jit", "off"),
            ("autovacuum_naptime", "10s"),
            .. settings,
        ];
        var info = Command("postgres", ["-D", folder, .. all.SelectMany(static setting => new[] { "-c", $"{setting.Name}={setting.Value}" })]);
        return await ManagedProcess.StartAsync(info, "QUIT", User).ConfigureAwait(false);
    }

    private static async Task<string> TemplateAsync()
    {
        var initdb = Binary.Find("initdb", Package, Folders());
        var version = Path.GetFileName(Path.GetDirectoryName(Path.GetDirectoryName(initdb))) ?? "";
        var root = Path.Combine(Path.GetTempPath(), string.Create(CultureInfo.InvariantCulture, $"resilience-initdb-{Environment.UserName}"));
        var template = Path.Combine(root, $"template-{version}");
        Directory.CreateDirectory(root);

        // Held while the template is looked for and made: other test processes wait, and find it complete.
        using var guard = await LockAsync(Path.Combine(root, "lock")).ConfigureAwait(false);
        if (Directory.Exists(template))
        {
            return template;
        }

        var building = template + ".building";
        if (Directory.Exists(building))
        {
            Directory.Delete(building, recursive: true);
        }

        Directory.CreateDirectory(building);
        if (User is { } user)
        {
            await RunAsync("chown", "coreutils", [user, building], user: null).ConfigureAwait(false);
        }

        string[] arguments = ["-D", building, "--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions"];
        await RunAsync(initdb, Package, arguments, User).ConfigureAwait(false);
        Directory.Move(building, template);
        return template;
    }

    private static async Task<FileStream> LockAsync(string path)
    {
        FileStream? file = null;
        await Watchdog.UntilAsync(
            () =>
            {
                try
                {
                    file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
                    return true;
                }
                catch (IOException)
                {
                    return false;
                }
            },
            TimeSpan.FromSeconds(6),
            what: $"the lock of the PostgreSQL template, {path}").ConfigureAwait(false);
        return file!;
    }

    private static async Task RunAsync(string program, string package, string[] arguments, string? user)
    {
        var process = await ManagedProcess.StartAsync(Command(program, arguments, package), user: user).ConfigureAwait(false);
        await using (process.ConfigureAwait(false))
        {
            process.Input.Close();
            var code = await process.Exited.Within(TimeSpan.FromSeconds(6), program, file: "").ConfigureAwait(false);
            if (code != 0)
            {
                throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with code {code}:{Environment.NewLine}{process.Tail}");
            }
        }
    }

    private static ProcessStartInfo Command(string program, string[] arguments, string package = Package)
    {
        // "/" because the user postgres may not be allowed to enter the present folder.
        var info = new ProcessStartInfo(Path.IsPathRooted(program) ? program : Binary.Find(program, package, Folders())) { WorkingDirectory = "/" };
        foreach (var argument in arguments)
        {
            info.ArgumentList.Add(argument);
        }

        return info;
    }

    /// <summary>Debian's folders, version 15 first, then the newest.</summary>
    private static string[] Folders()
    {
        const string Root = "/usr/lib/postgresql";
        return Directory.Exists(Root)
            ? [.. Directory.GetDirectories(Root).OrderByDescending(static folder => folder.EndsWith("/15", StringComparison.Ordinal)).ThenByDescending(static folder => folder, StringComparer.Ordinal).Select(static folder => folder + "/bin")]
            : [];
    }

    private static void RequireUser()
    {
        if (User is { } user && !File.ReadLines("/etc/passwd").Any(line => line.StartsWith(user + ":", StringComparison.Ordinal)))
        {
            throw new MissingProgramException("The system user postgres", Package);
        }
    }
}
