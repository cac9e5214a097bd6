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
        // Where the machine stands still for as long as the drain may take, clients may be cut with right and the time is not the server's: it is measured again.
        var drain = new SseManagerOptions().DrainTimeout;
        var took = TimeSpan.MaxValue;
        for (var times = 0; took >= drain && times < 5; times++)
        {
            took = await StopAsync(signal, drain);
        }

        took.ShouldBeLessThan(drain + TimeSpan.FromSeconds(1));
    }

    /// <summary>Stops a server with 1,000 clients that read; checks what they were told, unless it took so long that they may have been cut.</summary>
    private static async Task<TimeSpan> StopAsync(string signal, TimeSpan drain)
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
        var took = TimeProvider.System.GetElapsedTime(started);
        var ended = await Task.WhenAll(reading);
        foreach (var client in clients)
        {
            client.Dispose();
        }

        if (took < drain)
        {
            ended.ShouldAllBe(static e => e);
            clients.Select(static c => c.Parser.Events[^1].Data).ShouldAllBe(static data => data == """{"reason":"shutdown"}""");
        }

        return took;
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
