namespace Resilience.TestKit;

/// <summary>What a child process does: a public class of a test assembly with a constructor without parameters, run by <see cref="ChildProcess"/>.</summary>
public interface IChildScenario
{
    /// <summary>Runs in the child. The child ends with code 0 when it returns, and with 70 and the exception on its error stream when it throws.</summary>
    /// <param name="context">The line to the parent.</param>
    Task RunAsync(ChildContext context);
}
