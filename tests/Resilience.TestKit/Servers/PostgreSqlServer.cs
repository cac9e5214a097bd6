using System.Globalization;
using Npgsql;
using Resilience.TestKit.Processes.Internal;
using Resilience.TestKit.Servers.Internal;

namespace Resilience.TestKit;

/// <summary>
/// A real PostgreSQL server: the shared one for plain use, or a private one that a test may freeze, kill and start again on the same port. Thread-safe.
/// </summary>
/// <remarks>
/// The server is a child of the test process and dies with it, whatever ends it. <see cref="SharedAsync"/> uses the server that <c>RESILIENCE_POSTGRES</c> (a
/// connection string of a user who may create databases) names, so that a whole test run needs one; without it, the process starts its own. As root, the server
/// runs as the user <c>postgres</c>, else as the present user.
/// </remarks>
public sealed partial class PostgreSqlServer : IAsyncDisposable
{
    private const string Variable = "RESILIENCE_POSTGRES";
    private const int StartAttempts = 5;
    private static readonly Lazy<Task<PostgreSqlServer>> SharedServer = new(OpenSharedAsync);
    private readonly PostgreSqlServerOptions _options;
    private readonly TempFolder? _folder;
    private ManagedProcess? _process;

    private PostgreSqlServer(string connectionString, TempFolder? folder, PostgreSqlServerOptions options)
    {
        ConnectionString = connectionString;
        _folder = folder;
        _options = options;
    }

    /// <summary>Connection string of the administrative database, without pooling.</summary>
    public string ConnectionString { get; }

    /// <summary>The port. Stays the same over restarts.</summary>
    public int Port => new NpgsqlConnectionStringBuilder(ConnectionString).Port;

    /// <summary>Whether this object may stop, freeze and kill it; false for a server that was given by the environment.</summary>
    public bool IsPrivate => _folder is not null;

    /// <summary>Whether the process runs (frozen counts as running).</summary>
    public bool IsRunning => !IsPrivate || _process is { HasExited: false };

    /// <summary>Whether it is stopped by <see cref="Freeze"/>.</summary>
    public bool IsFrozen => _process is { IsFrozen: true };

    /// <summary>The last lines of its log.</summary>
    public string Log => _process?.Tail ?? "";

    /// <summary>The server that all tests of the process share. Work in a database of your own (<see cref="CreateDatabaseAsync()"/>), and do not kill it.</summary>
    /// <exception cref="MissingProgramException">PostgreSQL is not installed.</exception>
    public static Task<PostgreSqlServer> SharedAsync() => SharedServer.Value;

    /// <summary>Starts a private server on a free port with an empty data folder.</summary>
    /// <param name="options">null for the defaults.</param>
    /// <exception cref="MissingProgramException">PostgreSQL is not installed.</exception>
    /// <exception cref="InvalidOperationException">It does not start; the message holds its log.</exception>
    public static async Task<PostgreSqlServer> StartNewAsync(PostgreSqlServerOptions? options = null)
    {
        var folder = new TempFolder("postgresql");
        try
        {
            await PostgreSqlCluster.CreateAsync(folder.PathOf("data")).ConfigureAwait(false);
        }
        catch
        {
            folder.Dispose();
            throw;
        }

        for (var attempt = 1; ; attempt++)
        {
            var server = new PostgreSqlServer(AdministratorAt(FreePort.Next()), folder, options ?? new PostgreSqlServerOptions());
            try
            {
                await server.StartAsync().ConfigureAwait(false);
                return server;
            }
            catch (InvalidOperationException e) when (attempt < StartAttempts && e.Message.Contains("in use", StringComparison.Ordinal))
            {
                // Another process took the port; the folder is kept for the next try.
            }
            catch
            {
                await server.DisposeAsync().ConfigureAwait(false);
                throw;
            }
        }
    }

    /// <summary>Starts it, again on the same port, with the files that it left; does nothing when it runs. Returns when it has recovered and takes connections.</summary>
    /// <exception cref="InvalidOperationException">It does not start; the message holds its log.</exception>
    public async Task StartAsync()
    {
        var folder = Private();
        if (IsRunning)
        {
            return;
        }

        _process = await PostgreSqlCluster.StartAsync(folder.PathOf("data"), Settings()).ConfigureAwait(false);
        await Watchdog.UntilAsync(AnswersAsync, TimeSpan.FromSeconds(6), () => Log, $"PostgreSQL on port {Port} to take connections").ConfigureAwait(false);
    }

    /// <summary>Stops it in good order ("fast": open transactions are rolled back) and waits until it is gone.</summary>
    public async Task StopAsync()
    {
        Private();
        if (_process is { HasExited: false } process)
        {
            process.ContinueTree();
            process.Signal(Posix.SigInt);
            await process.Exited.Within().ConfigureAwait(false);
        }
    }

    /// <summary>kill -9 of the server and all its sessions, and waits until they are gone. Works on a frozen server too.</summary>
    public Task KillAsync()
    {
        Private();
        return _process is { HasExited: false } process ? process.KillAsync() : Task.CompletedTask;
    }

    /// <summary>kill -9, then <see cref="StartAsync"/>. Pools of clients still hold broken connections: clear them, or be ready for one failure each.</summary>
    public async Task KillAndRestartAsync()
    {
        await KillAsync().ConfigureAwait(false);
        await StartAsync().ConfigureAwait(false);
    }

    /// <summary>Stops server and sessions where they are (SIGSTOP): connections stay open, nothing answers, locks are kept.</summary>
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

    /// <summary>Kills a private server and removes its folder.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_process is { } process)
        {
            await process.DisposeAsync().ConfigureAwait(false);
        }

        _folder?.Dispose();
    }

    private static string AdministratorAt(int port) => new NpgsqlConnectionStringBuilder
    {
        Host = "127.0.0.1",
        Port = port,
        Username = "postgres",
        Database = "postgres",
        Pooling = false,

        // For the databases too: on a machine that stands still for a while, a server that takes its time is not one that is away.
        Timeout = 30,
        IncludeErrorDetail = true,
    }.ConnectionString;

    private static async Task<PostgreSqlServer> OpenSharedAsync()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { Length: > 0 } given)
        {
            return await StartNewAsync().ConfigureAwait(false);
        }

        var administrator = new NpgsqlConnectionStringBuilder(given) { Pooling = false, IncludeErrorDetail = true };
        var server = new PostgreSqlServer(administrator.ConnectionString, folder: null, new PostgreSqlServerOptions());
        await Watchdog.UntilAsync(server.AnswersAsync, what: $"the PostgreSQL server of {Variable} to take connections").ConfigureAwait(false);
        return server;
    }

    private TempFolder Private() =>
        _folder ?? throw new InvalidOperationException($"This PostgreSQL server was given by {Variable} and is shared; start a private one with PostgreSqlServer.StartNewAsync.");

    private IEnumerable<(string Name, string Value)> Settings() =>
    [
        ("port", Port.ToString(CultureInfo.InvariantCulture)),
        ("max_connections", _options.MaxConnections.ToString(CultureInfo.InvariantCulture)),
        ("fsync", _options.Fsync ? "on" : "off"),
        ("full_page_writes", _options.Fsync ? "on" : "off"),
        .. _options.Settings,
    ];

    private async ValueTask<bool> AnswersAsync()
    {
        if (_process is { HasExited: true } process)
        {
            throw new InvalidOperationException($"PostgreSQL on port {Port} ended with code {await process.Exited.ConfigureAwait(false)}:{Environment.NewLine}{Log}");
        }

        try
        {
            var connection = new NpgsqlConnection(ConnectionString);
            await using (connection.ConfigureAwait(false))
            {
                await connection.OpenAsync().ConfigureAwait(false);
                return true;
            }
        }
        catch (NpgsqlException)
        {
            // Not listening yet, or still recovering.
            return false;
        }
    }
}
