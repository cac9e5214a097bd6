using System.Collections.Concurrent;
using System.Diagnostics;

namespace Resilience.TestKit.Processes.Internal;

/// <summary>
/// Starts every process from one thread that lives as long as the test process. The kernel's death signal of a child is tied to the thread that started it: started
/// from a pool thread, the child would be killed when the pool retires that thread.
/// </summary>
internal static class Spawner
{
    private static readonly BlockingCollection<(ProcessStartInfo Info, TaskCompletionSource<Process> Started)> Requests = [];
    private static readonly Lazy<Thread> Runner = new(static () =>
    {
        var thread = new Thread(Run) { IsBackground = true, Name = "TestKit process spawner" };
        thread.Start();
        return thread;
    });

    /// <summary>Starts a process. It does not outlive this one where the system can see to that (Linux with setpriv).</summary>
    /// <param name="info">What to start.</param>
    /// <param name="deathSignal">The signal it gets when this process dies: KILL, QUIT.</param>
    /// <param name="user">Run as this user; needs root. Null: as the present user.</param>
    public static Task<Process> StartAsync(ProcessStartInfo info, string deathSignal, string? user)
    {
        _ = Runner.Value;
        if (Binary.TryFind("setpriv") is { } setpriv)
        {
            string[] identity = user is null ? [] : ["--reuid", user, "--regid", user, "--init-groups"];
            var arguments = info.ArgumentList.ToArray();
            info.ArgumentList.Clear();
            foreach (var argument in (string[])["--pdeathsig", deathSignal, .. identity, "--", info.FileName, .. arguments])
            {
                info.ArgumentList.Add(argument);
            }

            info.FileName = setpriv;
        }
        else if (user is not null)
        {
            throw new MissingProgramException("setpriv", "util-linux");
        }

        var started = new TaskCompletionSource<Process>(TaskCreationOptions.RunContinuationsAsynchronously);
        Requests.Add((info, started));
        return started.Task;
    }

    private static void Run()
    {
        foreach (var (info, started) in Requests.GetConsumingEnumerable())
        {
            try
            {
                started.SetResult(Process.Start(info) ?? throw new InvalidOperationException($"{info.FileName} did not start."));
            }
#pragma warning disable CA1031 // The thread must live; whatever it is, the caller gets it.
            catch (Exception e)
#pragma warning restore CA1031
            {
                started.SetException(e);
            }
        }
    }
}
