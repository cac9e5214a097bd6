namespace Messaging.Accounts;

/// <summary>Says at the start which operators nobody has registered yet: whoever takes such a name first becomes an operator.</summary>
internal sealed partial class OperatorCheck(Operators operators, ILogger<OperatorCheck> logger) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var name in await operators.MissingAsync(cancellationToken))
        {
            NobodyYet(logger, name);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(
        9010, LogLevel.Warning,
        "The operator {Name} is not registered yet: whoever registers this name first becomes an operator. Register it before others can reach this address.")]
    private static partial void NobodyYet(ILogger logger, string name);
}
