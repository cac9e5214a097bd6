namespace Resilience.TestKit.Tests.Stress.Scenarios;

/// <summary>Sends back what it gets, and says what it was started with.</summary>
public sealed class EchoScenario : IChildScenario
{
    public async Task RunAsync(ChildContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        Console.WriteLine("plain output");
        context.Send($"{string.Join('|', context.Arguments)} {Environment.GetEnvironmentVariable("KIT_TEST")}");
        while (true)
        {
            var message = await context.ReceiveAsync(context.Stopping);
            if (message == "throw")
            {
                throw new InvalidDataException("planted");
            }

            context.Send(message);
        }
    }
}
