namespace Resilience.TestKit.Tests.Stress.Scenarios;

/// <summary>A test process in small: starts a server and a child of its own, tells their ids, and waits to be killed.</summary>
public sealed class FamilyScenario : IChildScenario
{
    public async Task RunAsync(ChildContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        await using var redis = await RedisServer.StartNewAsync();
        await using var postgres = await PostgreSqlServer.StartNewAsync();
        await using var child = await ChildProcess.StartAsync<EchoScenario>();
        var info = await redis.InfoAsync("server");
        await using var database = await postgres.CreateDatabaseAsync();
        await using var command = database.DataSource.CreateCommand("SELECT pg_backend_pid()");
        context.Send($"{info["process_id"]} {await command.ExecuteScalarAsync()} {child.Id}");
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.Stopping);
    }
}
