using System.Globalization;

namespace Resilience.TestKit.Tests.Stress.Scenarios;

/// <summary>Uses the shared servers as a test would, and tells what it found.</summary>
public sealed class SharedServersScenario : IChildScenario
{
    public async Task RunAsync(ChildContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var redis = await RedisServer.SharedAsync();
        var postgres = await PostgreSqlServer.SharedAsync();
        await redis.ExecuteAsync("SET", "from", "child");
        await using var database = await postgres.CreateDatabaseAsync();
        await database.ExecuteAsync("CREATE TABLE t (id int)");
        context.Send(string.Create(CultureInfo.InvariantCulture, $"{redis.Configuration} {redis.IsPrivate} {postgres.Port} {postgres.IsPrivate}"));
        context.Send(Refusal(() => redis.Freeze()));
        context.Send(Refusal(() => redis.FlushAsync().GetAwaiter().GetResult()));
        context.Send(Refusal(() => postgres.KillAsync().GetAwaiter().GetResult()));
    }

    private static string Refusal(Action action)
    {
        try
        {
            action();
            return "done";
        }
        catch (InvalidOperationException e)
        {
            return e.Message;
        }
    }
}
