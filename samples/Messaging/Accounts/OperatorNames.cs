using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;

namespace Messaging.Accounts;

/// <summary>
/// Keeps the names of operators from being given away: registering one takes a code that only those know who can read the settings or the log. Thread-safe.
/// </summary>
internal sealed partial class OperatorNames(Operators operators, IOptions<AccountOptions> options, ILogger<OperatorNames> logger) : IHostedService
{
    private const int CodeBytes = 16;

    private readonly string _code = options.Value.OperatorCode ?? Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(CodeBytes));

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var name in await operators.MissingAsync(cancellationToken))
        {
            NobodyYet(logger, name, options.Value.OperatorCode is null ? _code : "the one in Accounts:OperatorCode");
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    internal bool MayRegister(string name, string? code) => !operators.IsNamed(name)
        || (code is not null && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(code), Encoding.UTF8.GetBytes(_code)));

    [LoggerMessage(
        9010, LogLevel.Information,
        "The operator {Name} is not registered yet. POST /api/users takes this name only with an operatorCode; until this process ends it is: {Code}.")]
    private static partial void NobodyYet(ILogger logger, string name, string code);
}
