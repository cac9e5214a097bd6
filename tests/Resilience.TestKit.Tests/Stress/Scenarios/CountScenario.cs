namespace Resilience.TestKit.Tests.Stress.Scenarios;

/// <summary>Writes each number to a file, then tells it: what the test has heard must be in the file, whenever the child is killed.</summary>
public sealed class CountScenario : IChildScenario
{
    public async Task RunAsync(ChildContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        await using var file = new FileStream(context.Arguments[0], FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);
        for (var i = 0; ; i++)
        {
            await file.WriteAsync(BitConverter.GetBytes(i), context.Stopping);
            context.Send($"{i}");
        }
    }
}
