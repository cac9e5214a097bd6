using System.Reflection;
using Resilience.TestKit.Processes.Internal;

namespace Resilience.TestKit;

/// <summary>What the console project <c>Resilience.TestKit.ChildHost</c> runs: one scenario of a test assembly.</summary>
public static class ChildHost
{
    /// <summary>Runs a scenario to its end. When the parent goes away, the process ends at once.</summary>
    /// <param name="arguments">Path of the assembly, name of the scenario's class, then the scenario's own arguments.</param>
    /// <returns>The exit code: 0, or 70 when the scenario threw.</returns>
    public static async Task<int> RunAsync(string[] arguments)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        var type = Assembly.LoadFrom(arguments[0]).GetType(arguments[1], throwOnError: true)!;
        var scenario = (IChildScenario)Activator.CreateInstance(type)!;

        // The scenario's own console output must not break into the middle of a line of ours.
        var output = Console.Out;
        Console.SetOut(Console.Error);
        var context = new ChildContext(arguments[2..], output);
        _ = EndWithParentAsync(context);
        output.WriteLine(ChildProtocol.Ready);
        output.Flush();
        try
        {
            await scenario.RunAsync(context).ConfigureAwait(false);
            return 0;
        }
        catch (OperationCanceledException) when (context.Stopping.IsCancellationRequested)
        {
            return 0;
        }
#pragma warning disable CA1031 // The last place that can report it.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Console.Error.WriteLine(e);
            return ChildProtocol.ScenarioFailed;
        }
    }

    private static async Task EndWithParentAsync(ChildContext context)
    {
        // The console only reads synchronously: on a thread of the pool that would hold one of the few that the scenario's server has.
        await Task.Factory.StartNew(() => context.ListenAsync(Console.In), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap().ConfigureAwait(false);
        Environment.Exit(ChildProtocol.ScenarioFailed);
    }
}
