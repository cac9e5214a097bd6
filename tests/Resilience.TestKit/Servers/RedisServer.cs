using System.Diagnostics;
using System.Globalization;
using System.Net;
using Resilience.TestKit.Processes.Internal;
using Resilience.TestKit.Servers.Internal;

namespace Resilience.TestKit;

/// <summary>
/// A real Redis server: the shared one for plain use, or a private one that a test may freeze, kill and start again on the same port. Thread-safe.
/// </summary>
/// <remarks>
/// The server is a child of the test process and dies with it, whatever ends it. <see cref="SharedAsync"/> uses the server that <c>RESILIENCE_REDIS</c>
/// (<c>host:port</c>) names, so that a whole test run needs one; without it, the process starts its own.
/// </remarks>
public sealed class RedisServer : IAsyncDisposable
{
    private const string Variable = "RESILIENCE_REDIS";
    private const int StartAttempts = 5;
    private static readonly Lazy<Task<RedisServer>> SharedServer = new(OpenSharedAsync);
    private static long _lastPrefix;
    private readonly RedisServerOptions _options;
    private readonly TempFolder? _folder;
    private ManagedProcess? _process;

    private RedisServer(DnsEndPoint endPoint, TempFolder? folder, RedisServerOptions options)
    {
        EndPoint = endPoint;
        _folder = folder;
        _options = options;
    }

    /// <summary>Where it listens. Stays the same over restarts.</summary>
    public DnsEndPoint EndPoint { get; }

    /// <summary>The port.</summary>
    public int Port => EndPoint.Port;

    /// <summary><c>host:port</c>, as StackExchange.Redis takes it.</summary>
    public string Configuration => string.Create(CultureInfo.InvariantCulture, $"{EndPoint.Host}:{EndPoint.Port}");

    /// <summary>Whether this object may stop, freeze and kill it; false for a server that was given by the environment.</summary>
    public bool IsPrivate => _folder is not null;

    /// <summary>Whether the process runs (frozen counts as running).</summary>
    public bool IsRunning => !IsPrivate || _process is { HasExited: false };

    /// <summary>Whether it is stopped by <see cref="Freeze"/>.</summary>
    public bool IsFrozen => _process is { IsFrozen: true };

    /// <summary>The last lines of its log.</summary>
    public string Log => _process?.Tail ?? "";

    /// <summary>The server that all tests of the process share. Use a key prefix of your own (<see cref="NewPrefix"/>), and neither flush nor kill it.</summary>
    /// <exception cref="MissingProgramException">redis-server is not installed.</exception>
    public static Task<RedisServer> SharedAsync() => SharedServer.Value;

    /// <summary>A key prefix that no other test uses, in this process or another: <c>t4711-3:</c>.</summary>
    public static string NewPrefix() => string.Create(CultureInfo.InvariantCulture, $"t{Environment.ProcessId}-{Interlocked.Increment(ref _lastPrefix)}:");

    /// <summary>Starts a private server on a free port with an empty folder.</summary>
    /// <param name="options">null for the defaults: no persistence, no limit.</param>
    /// <exception cref="MissingProgramException">redis-server is not installed.</exception>
    /// <exception cref="InvalidOperationException">It does not start; the message holds its log.</exception>
    public static async Task<RedisServer> StartNewAsync(RedisServerOptions? options = null)
    {
        for (var attempt = 1; ; attempt++)
        {
            var server = new RedisServer(new DnsEndPoint("127.0.0.1", FreePort.Next()), new TempFolder("redis"), options ?? new RedisServerOptions());
            try
            {
                await server.StartAsync().ConfigureAwait(false);
                return server;
            }
            catch (InvalidOperationException e) when (attempt < StartAttempts && e.Message.Contains("in use", StringComparison.Ordinal))
            {
                await server.DisposeAsync().ConfigureAwait(false);
            }
            catch
            {
                await server.DisposeAsync().ConfigureAwait(false);
                throw;
            }
        }
    }

    /// <summary>Starts it, again on the same port, with the files that it left; does nothing when it runs. Returns when it answers and has loaded its data.</summary>
    /// <exception cref="InvalidOperationException">It does not start; the message holds its log.</exception>
    public async Task StartAsync()
    {
        var folder = Private();
        if (IsRunning)
        {
            return;
        }

        var info = new ProcessStartInfo(Binary.Find("redis-server", "redis-server")) { WorkingDirectory = folder.FullPath };
        foreach (var argument in Arguments(folder))
        {
            info.ArgumentList.Add(argument);
        }

        _process = await ManagedProcess.StartAsync(info).ConfigureAwait(false);
        await Watchdog.UntilAsync(AnswersAsync, TimeSpan.FromSeconds(3), () => Log, $"Redis on port {Port} to answer").ConfigureAwait(false);
    }

    /// <summary>Stops it in good order (SIGTERM) and waits until it is gone.</summary>
    public async Task StopAsync()
    {
        Private();
        if (_process is { HasExited: false } process)
        {
            process.Signal(Posix.SigTerm);
            process.Signal(Posix.SigContinue);
            await process.Exited.Within().ConfigureAwait(false);
        }
    }

    /// <summary>kill -9, and waits until it is gone. Works on a frozen server too.</summary>
    public Task KillAsync()
    {
        Private();
        return _process is { HasExited: false } process ? process.KillAsync() : Task.CompletedTask;
    }

    /// <summary>kill -9, then <see cref="StartAsync"/>.</summary>
    public async Task KillAndRestartAsync()
    {
        await KillAsync().ConfigureAwait(false);
        await StartAsync().ConfigureAwait(false);
    }

    /// <summary>Stops the process where it is (SIGSTOP): connections stay open, the kernel takes data, nothing answers.</summary>
    public void Freeze()
    {
        Private();
        _process?.FreezeTree();
    }

    /// <summary>Lets a frozen server run on.</summary>
    public void Continue()
    {
        Private();
        _process?.ContinueTree();
    }

    /// <summary>Empties a private server.</summary>
    /// <exception cref="InvalidOperationException">The server is shared: its other users need their data.</exception>
    public async Task FlushAsync()
    {
        Private();
        await ExecuteAsync("FLUSHALL").ConfigureAwait(false);
    }

    /// <summary>Runs one command on a connection of its own.</summary>
    /// <param name="command">Name and arguments.</param>
    /// <returns>string, long, null, or an array of these.</returns>
    /// <exception cref="InvalidOperationException">The server answered with an error.</exception>
    /// <exception cref="IOException">The connection broke.</exception>
    public Task<object?> ExecuteAsync(params string[] command) => RespConnection.ExecuteAsync(EndPoint, command).Within(what: string.Join(' ', command));

    /// <summary>The fields of INFO.</summary>
    /// <param name="section">For example memory, commandstats.</param>
    public async Task<IReadOnlyDictionary<string, string>> InfoAsync(string section)
    {
        var text = (string)(await ExecuteAsync("INFO", section).ConfigureAwait(false))!;
        return text.Split("\r\n", StringSplitOptions.RemoveEmptyEntries)
            .Where(static line => line[0] != '#')
            .Select(static line => line.Split(':', 2))
            .ToDictionary(static pair => pair[0], static pair => pair[1], StringComparer.Ordinal);
    }

    /// <summary>How often a command was called since the server started or CONFIG RESETSTAT; calls from inside scripts count.</summary>
    /// <param name="command">For example <c>xtrim</c>.</param>
    public async Task<long> CallsOfAsync(string command)
    {
        var stats = await InfoAsync("commandstats").ConfigureAwait(false);
        return stats.TryGetValue("cmdstat_" + command, out var line)
            ? long.Parse(line.Split(',')[0]["calls=".Length..], CultureInfo.InvariantCulture)
            : 0;
    }

    /// <summary>Kills a private server and removes its folder.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_process is { } process)
        {
            await process.DisposeAsync().ConfigureAwait(false);
        }

        _folder?.Dispose();
    }

    private static async Task<RedisServer> OpenSharedAsync()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { Length: > 0 } given)
        {
            return await StartNewAsync().ConfigureAwait(false);
        }

        var parts = given.Split(':');
        if (parts.Length != 2 || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var port))
        {
            throw new InvalidOperationException($"{Variable} is '{given}'; set it to host:port.");
        }

        var server = new RedisServer(new DnsEndPoint(parts[0], port), folder: null, new RedisServerOptions());
        await Watchdog.UntilAsync(server.AnswersAsync, what: $"the Redis server of {Variable}={given} to answer").ConfigureAwait(false);
        return server;
    }

    private TempFolder Private() =>
        _folder ?? throw new InvalidOperationException($"This Redis server was given by {Variable} and is shared; start a private one with RedisServer.StartNewAsync.");

    private string[] Arguments(TempFolder folder) =>
    [
        "--port", Port.ToString(CultureInfo.InvariantCulture),
        "--bind", EndPoint.Host,
        "--dir", folder.FullPath,
        "--save", "",
        "--appendonly", _options.AppendOnly ? "yes" : "no",
        "--appendfsync", "always",
        "--maxmemory", _options.MaxMemory.ToString(CultureInfo.InvariantCulture),
        "--maxmemory-policy", _options.MaxMemoryPolicy,
        "--enable-debug-command", "yes",
        .. _options.Settings.SelectMany(static setting => new[] { "--" + setting.Name, setting.Value }),
    ];

    private async ValueTask<bool> AnswersAsync()
    {
        if (_process is { HasExited: true } process)
        {
            throw new InvalidOperationException($"Redis on port {Port} ended with code {await process.Exited.ConfigureAwait(false)}:{Environment.NewLine}{Log}");
        }

        try
        {
            return Equals(await RespConnection.ExecuteAsync(EndPoint, ["PING"]).ConfigureAwait(false), "PONG");
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException or InvalidOperationException)
        {
            // Not listening yet, or still loading its data.
            return false;
        }
    }
}
