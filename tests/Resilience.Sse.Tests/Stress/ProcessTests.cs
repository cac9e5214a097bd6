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

    internal static async Task<int> PortAsync(ChildProcess server) => int.Parse(await server.ReceiveAsync(), CultureInfo.InvariantCulture);

    internal static async Task<List<RawClient>> OpenAsync(int port, int count)
    {
        var clients = new List<RawClient>();
        foreach (var chunk in Enumerable.Range(0, count).Chunk(100))
        {
            clients.AddRange(await Task.WhenAll(chunk.Select(async _ => await (await RawClient.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), "/events")).OpenedAsync())));
        }

        return clients;
    }
}
