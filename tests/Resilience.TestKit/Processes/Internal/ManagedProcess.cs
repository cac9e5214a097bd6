using System.Diagnostics;

namespace Resilience.TestKit.Processes.Internal;

/// <summary>A process that tests start, freeze and kill. It dies with this process; its last output is kept for failure texts. Thread-safe.</summary>
internal sealed class ManagedProcess : IAsyncDisposable
{
    private const int TailLines = 200;

    // Enough for the kernel to end it, so that no zombie is left to a container without an init process.
    private const int ReapMilliseconds = 2_000;
    private readonly Process _process;
    private readonly Queue<string> _tail = new();
    private readonly IDisposable _atExit;

    private ManagedProcess(Process process, Action<string>? onLine)
    {
        _process = process;
        _atExit = ExitCleanup.Register(() =>
        {
            KillTree();
            process.WaitForExit(ReapMilliseconds);
        });
        process.OutputDataReceived += (_, e) => Keep(e.Data, onLine);
        process.ErrorDataReceived += (_, e) => Keep(e.Data, null);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        Exited = ExitAsync();
    }

    public int Id => _process.Id;

    public bool HasExited => Exited.IsCompleted || _process.HasExited;

    /// <summary>Whether it is stopped by <see cref="FreezeTree"/>.</summary>
    public bool IsFrozen => !HasExited && Posix.StateOf(Id) == 'T';

    /// <summary>Completes with the exit code when the process has ended and all holders of its output are gone; 128 + n when signal n ended it.</summary>
    public Task<int> Exited { get; }

    public StreamWriter Input => _process.StandardInput;

    /// <summary>The last lines that it wrote, both streams.</summary>
    public string Tail
    {
        get
        {
            lock (_tail)
            {
                return string.Join(Environment.NewLine, _tail);
            }
        }
    }

    /// <param name="info">What to start; its streams are redirected.</param>
    /// <param name="deathSignal">Sent to it when this process dies.</param>
    /// <param name="user">Run as this user; null for the present one.</param>
    /// <param name="onLine">Called for each line of standard output, in order; null keeps it in the tail only.</param>
    public static async Task<ManagedProcess> StartAsync(ProcessStartInfo info, string deathSignal = "KILL", string? user = null, Action<string>? onLine = null)
    {
        info.RedirectStandardInput = true;
        info.RedirectStandardOutput = true;
        info.RedirectStandardError = true;
        info.UseShellExecute = false;
        var process = await Spawner.StartAsync(info, deathSignal, user).ConfigureAwait(false);
        return new ManagedProcess(process, onLine);
    }

    /// <summary>Sends a signal to the process itself.</summary>
    public void Signal(int signal)
    {
        if (!HasExited)
        {
            Posix.Signal(Id, signal);
        }
    }

    /// <summary>Stops the process and its children where they are; nothing of them runs until <see cref="ContinueTree"/>.</summary>
    public void FreezeTree()
    {
        if (HasExited)
        {
            return;
        }

        // First the process itself: it must not start another child after the look at its children.
        Stop();
        var tree = SignalTree(Posix.SigStop);
        if (!SpinWait.SpinUntil(() => tree.All(Posix.IsStopped), Watchdog.Limit(Watchdog.DefaultExpected)))
        {
            throw new WatchdogException($"Process {Id} does not stop.");
        }
    }

    public void ContinueTree() => SignalTree(Posix.SigContinue);

    /// <summary>kill -9 for the process and its children, and waits until all are gone.</summary>
    public async Task KillAsync()
    {
        KillTree();
        await Exited.Within(what: $"process {Id} to end after SIGKILL", file: "").ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync().ConfigureAwait(false);
        _atExit.Dispose();
        _process.Dispose();
    }

    private void KillTree()
    {
        if (HasExited)
        {
            return;
        }

        // Frozen first: a process that is being killed must not start another child meanwhile.
        Stop();
        foreach (var pid in Posix.Tree(Id).Reverse())
        {
            Posix.Signal(pid, Posix.SigKill);
        }
    }

    /// <summary>Stops the process itself, and waits a while for it: a thread stops at its next chance, not at the signal, and may start a child until then.</summary>
    private void Stop()
    {
        Posix.Signal(Id, Posix.SigStop);
        SpinWait.SpinUntil(() => Posix.IsStopped(Id), ReapMilliseconds);
    }

    private IReadOnlyList<int> SignalTree(int signal)
    {
        var tree = HasExited ? [] : Posix.Tree(Id);
        foreach (var pid in tree)
        {
            Posix.Signal(pid, signal);
        }

        return tree;
    }

    private async Task<int> ExitAsync()
    {
        await _process.WaitForExitAsync().ConfigureAwait(false);
        return _process.ExitCode;
    }

    private void Keep(string? line, Action<string>? onLine)
    {
        if (line is null)
        {
            return;
        }

        lock (_tail)
        {
            _tail.Enqueue(line);
            if (_tail.Count > TailLines)
            {
                _tail.Dequeue();
            }
        }

        onLine?.Invoke(line);
    }
}
