using System.Diagnostics;
using System.Globalization;
using System.Net;
using Resilience.Sse.Tests.Support;
using Resilience.TestKit;

namespace Resilience.Sse.Tests.Stress;

/// <summary>What only a process shows.</summary>
public sealed class ProcessTests
{
    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    public async Task I11_At_a_signal_every_reading_client_of_1000_gets_the_close_event_and_the_process_ends_in_time(string signal)
    {
        await using var server = await ChildProcess.StartAsync<ServerScenario>();
        var clients = await OpenAsync(await PortAsync(server), 1000);
        var reading = clients.Select(static c => Task.Run(() => c.ReadUntilAsync(static x => x.Terminated))).ToList();
        var started = TimeProvider.System.GetTimestamp();
        if (signal == "TERM")
        {
            server.Terminate();
        }
        else
        {
            using var kill = Process.Start("kill", ["-INT", server.Id.ToString(CultureInfo.InvariantCulture)]);
            await kill.WaitForExitAsync();
        }

        (await server.Exited.Within(TimeSpan.FromSeconds(6))).ShouldBe(0);
        TimeProvider.System.GetElapsedTime(started).ShouldBeLessThan(TimeSpan.FromSeconds(6));
        (await Task.WhenAll(reading)).ShouldAllBe(static ended => ended);
        foreach (var client in clients)
        {
            client.Parser.Events[^1].Data.ShouldBe("""{"reason":"shutdown"}""");
            client.Dispose();
        }
    }

    [Fact]
    public Task A_thousand_connections_with_traffic_grow_the_process_by_less_than_100_MB() => TrafficAsync(rounds: 20);

    [Fact]
    [Trait("Category", "Soak")]
    public Task A_thousand_connections_with_traffic_for_a_minute_grow_the_process_by_less_than_100_MB() => TrafficAsync(rounds: 600);

    private static async Task TrafficAsync(int rounds)
    {
        await using var server = await ChildProcess.StartAsync<ServerScenario>();
        var port = await PortAsync(server);

        // Warm: the server's pools and the compiled code are there before the first figure.
        var warm = await OpenAsync(port, 20);
        await PublishAsync(server, warm, 5, 0);
        warm.ForEach(static c => c.Dispose());
        var before = await MemoryAsync(server);
        var clients = await OpenAsync(port, 1000);
        for (var i = 0; i < rounds; i++)
        {
            await PublishAsync(server, clients, 10, i * 10);
        }

        var during = await MemoryAsync(server);
        (during.WorkingSet - before.WorkingSet).ShouldBeLessThan(100L << 20);
        clients.ForEach(static c => c.Dispose());
        await Watchdog.UntilAsync(async () => (await MemoryAsync(server)).Managed < before.Managed + (8 << 20), TimeSpan.FromSeconds(5));
    }

    private static async Task<int> PortAsync(ChildProcess server) => int.Parse(await server.ReceiveAsync(), CultureInfo.InvariantCulture);

    private static async Task<List<RawClient>> OpenAsync(int port, int count)
    {
        var clients = new List<RawClient>();
        foreach (var chunk in Enumerable.Range(0, count).Chunk(100))
        {
            clients.AddRange(await Task.WhenAll(chunk.Select(async _ => await (await RawClient.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), "/events")).OpenedAsync())));
        }

        return clients;
    }

    private static async Task<(long WorkingSet, long Managed)> MemoryAsync(ChildProcess server)
    {
        await server.SendAsync("memory");
        var answer = (await server.ReceiveAsync()).Split(' ');
        return (long.Parse(answer[0], CultureInfo.InvariantCulture), long.Parse(answer[1], CultureInfo.InvariantCulture));
    }

    private static async Task PublishAsync(ChildProcess server, List<RawClient> clients, int events, int already)
    {
        await server.SendAsync(events.ToString(CultureInfo.InvariantCulture));
        await Task.WhenAll(clients.Select(c => Task.Run(() => c.ReadUntilAsync(x => x.Parser.Events.Count >= already + events)))).Within(TimeSpan.FromSeconds(10));
        (await server.ReceiveAsync()).ShouldBe("published");
    }
}
