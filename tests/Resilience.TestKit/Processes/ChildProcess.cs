using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Threading.Channels;
using Resilience.TestKit.Processes.Internal;

namespace Resilience.TestKit;

/// <summary>
/// A process of its own that runs an <see cref="IChildScenario"/> with the very assemblies of the test project, to be killed at any moment. It dies with the test
/// process, whatever ends that. Thread-safe.
/// </summary>
public sealed class ChildProcess : IAsyncDisposable
{
    private const string HostAssembly = "Resilience.TestKit.ChildHost.dll";
    private readonly Channel<string> _messages = Channel.CreateUnbounded<string>();
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly string _name;
    private ManagedProcess _process = null!;

    private ChildProcess(string name) => _name = name;

    /// <summary>The process id.</summary>
    public int Id => _process.Id;

    /// <summary>Whether it has ended.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>Completes with the exit code when it has ended and everything it sent is here: 0, 70 (the scenario threw), 137 (kill -9), 143 (SIGTERM).</summary>
    public Task<int> Exited { get; private set; } = null!;

    /// <summary>The last lines of its output and error stream.</summary>
    public string Output => _process.Tail;

    /// <summary>Starts a child; returns when its scenario is about to run.</summary>
    /// <typeparam name="TScenario">A public class; its assembly's folder must hold the child host (every test project here references it).</typeparam>
    /// <param name="arguments">Handed to the scenario.</param>
    /// <exception cref="ChildProcessException">It ended before that.</exception>
    public static Task<ChildProcess> StartAsync<TScenario>(params string[] arguments)
        where TScenario : IChildScenario, new() => StartAsync<TScenario>(arguments, environment: null);

    /// <inheritdoc cref="StartAsync{TScenario}(string[])"/>
    /// <param name="arguments">Handed to the scenario.</param>
    /// <param name="environment">Further environment variables.</param>
    public static async Task<ChildProcess> StartAsync<TScenario>(IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string>? environment)
        where TScenario : IChildScenario, new()
    {
        ArgumentNullException.ThrowIfNull(arguments);
        var child = new ChildProcess(typeof(TScenario).Name);
        child._process = await ManagedProcess.StartAsync(Command(typeof(TScenario), arguments, environment), onLine: child.OnLine).ConfigureAwait(false);
        child.Exited = child.ExitAsync();
        await Task.WhenAny(child._ready.Task, child.Exited).Within(TimeSpan.FromSeconds(6), $"child {child._name} to start", file: "").ConfigureAwait(false);
        if (!child._ready.Task.IsCompleted)
        {
            throw await child.EndedAsync().ConfigureAwait(false);
        }

        return child;
    }

    /// <summary>The next message of the child.</summary>
    /// <param name="expected">The time it takes on a machine that is free; null for 3 s.</param>
    /// <exception cref="ChildProcessException">The child ended and has sent no more.</exception>
    /// <exception cref="WatchdogException">No message came in ten times the expected time.</exception>
    public async Task<string> ReceiveAsync(TimeSpan? expected = null)
    {
        try
        {
            return await _messages.Reader.ReadAsync().Within(expected, $"a message of child {_name}", file: "").ConfigureAwait(false);
        }
        catch (ChannelClosedException)
        {
            throw await EndedAsync().ConfigureAwait(false);
        }
    }

    /// <summary>The messages that have come and were not received yet. After <see cref="Exited"/>: all the child ever sent that is left.</summary>
    public IReadOnlyList<string> TakeMessages()
    {
        var messages = new List<string>();
        while (_messages.Reader.TryRead(out var message))
        {
            messages.Add(message);
        }

        return messages;
    }

    /// <summary>Sends the child a message.</summary>
    /// <param name="message">Any text.</param>
    /// <exception cref="IOException">The child is gone.</exception>
    public async Task SendAsync(string message)
    {
        ArgumentNullException.ThrowIfNull(message);
        await _process.Input.WriteLineAsync(ChildProtocol.Message(message)).ConfigureAwait(false);
        await _process.Input.FlushAsync().ConfigureAwait(false);
    }

    /// <summary>Asks the scenario to stop (its token is cancelled) and waits until the process has ended.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> StopAsync()
    {
        try
        {
            await _process.Input.WriteLineAsync(ChildProtocol.Stop).ConfigureAwait(false);
            await _process.Input.FlushAsync().ConfigureAwait(false);
        }
        catch (IOException)
        {
            // It has ended by itself; the exit code tells how.
        }

        return await Exited.Within(what: $"child {_name} to stop", file: "").ConfigureAwait(false);
    }

    /// <summary>kill -9, and waits until it is gone.</summary>
    public async Task KillAsync()
    {
        await _process.KillAsync().ConfigureAwait(false);
        await Exited.ConfigureAwait(false);
    }

    /// <summary>Sends SIGTERM; await <see cref="Exited"/> for the end.</summary>
    public void Terminate() => _process.Signal(Posix.SigTerm);

    /// <summary>Stops it where it is (SIGSTOP).</summary>
    public void Freeze() => _process.FreezeTree();

    /// <summary>Lets it run on after <see cref="Freeze"/>.</summary>
    public void Continue() => _process.ContinueTree();

    /// <summary>Kills it if it still runs.</summary>
    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private static ProcessStartInfo Command(Type scenario, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string>? environment)
    {
        // With the test project's own dependency list the child loads the same assemblies, from the same folder, as the test.
        var assembly = scenario.Assembly.Location;
        var info = new ProcessStartInfo(DotnetPath()) { WorkingDirectory = Path.GetDirectoryName(assembly)! };
        foreach (var argument in (string[])
        [
            "exec",
            "--depsfile", Path.ChangeExtension(assembly, ".deps.json"),
            "--runtimeconfig", Path.ChangeExtension(assembly, ".runtimeconfig.json"),
            Path.Combine(Path.GetDirectoryName(assembly)!, HostAssembly),
            assembly,
            scenario.FullName!,
            .. arguments,
        ])
        {
            info.ArgumentList.Add(argument);
        }

        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            info.Environment[name] = value;
        }

        return info;
    }

    /// <summary>The dotnet that runs this process: four levels above its framework.</summary>
    private static string DotnetPath() =>
        Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet"));

    private void OnLine(string line)
    {
        if (ChildProtocol.TryMessage(line) is { } message)
        {
            _messages.Writer.TryWrite(message);
        }
        else if (line == ChildProtocol.Ready)
        {
            _ready.TrySetResult();
        }
    }

    private async Task<int> ExitAsync()
    {
        var code = await _process.Exited.ConfigureAwait(false);
        _messages.Writer.TryComplete();
        return code;
    }

    private async Task<ChildProcessException> EndedAsync() =>
        new($"Child {_name} ended with code {await Exited.ConfigureAwait(false)}. Its last output:{Environment.NewLine}{Output}");
}
