using Resilience.TestKit.Tests.Stress.Scenarios;

namespace Resilience.TestKit.Tests.Stress;

public sealed class GivenServersTests
{
    [Fact]
    public async Task Servers_that_the_environment_names_are_used_and_cannot_be_broken()
    {
        await using var redis = await RedisServer.StartNewAsync();
        await using var postgres = await PostgreSqlServer.StartNewAsync();
        var given = new Dictionary<string, string> { ["RESILIENCE_REDIS"] = redis.Configuration, ["RESILIENCE_POSTGRES"] = postgres.ConnectionString };

        await using var child = await ChildProcess.StartAsync<SharedServersScenario>([], given);

        (await child.ReceiveAsync()).ShouldBe($"{redis.Configuration} False {postgres.Port} False");
        (await child.ReceiveAsync()).ShouldContain("start a private one with RedisServer.StartNewAsync");
        (await child.ReceiveAsync()).ShouldContain("RESILIENCE_REDIS");
        (await child.ReceiveAsync()).ShouldContain("start a private one with PostgreSqlServer.StartNewAsync");
        (await child.Exited.Within()).ShouldBe(0);
        (await redis.ExecuteAsync("GET", "from")).ShouldBe("child");
    }

    [Fact]
    public async Task A_name_that_makes_no_sense_says_what_to_set()
    {
        await using var child = await ChildProcess.StartAsync<SharedServersScenario>([], new Dictionary<string, string> { ["RESILIENCE_REDIS"] = "nonsense" });

        (await child.Exited.Within()).ShouldBe(70);

        child.Output.ShouldContain("RESILIENCE_REDIS is 'nonsense'; set it to host:port.");
    }
}
