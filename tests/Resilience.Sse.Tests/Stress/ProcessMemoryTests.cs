using System.Globalization;
using Resilience.Sse.Tests.Support;
using Resilience.TestKit;

namespace Resilience.Sse.Tests.Stress;

/// <summary>The size of a server's process under traffic. After all others, because their load would make the minute longer for nothing.</summary>
[Collection(nameof(Alone))]
public sealed class ProcessMemoryTests(ITestOutputHelper output)
{
    private const int EventsPerRound = 10;
    private const int RoundsPerSample = 20;

    private static readonly TimeSpan Round = TimeSpan.FromMilliseconds(250);

    [Fact]
    public Task A_thousand_connections_with_traffic_for_a_minute_grow_the_process_by_less_than_100_MB() => TrafficAsync(TimeSpan.FromMinutes(1));

    [Fact]
    [Trait("Category", "Soak")]
    public Task A_thousand_connections_with_traffic_for_ten_minutes_grow_the_process_by_less_than_100_MB() => TrafficAsync(TimeSpan.FromMinutes(10));

    private async Task TrafficAsync(TimeSpan duration)
    {
        await using var server = await ChildProcess.StartAsync<ServerScenario>();
        var port = await ProcessTests.PortAsync(server);

        // Warm: the server's pools and the compiled code are there before the first figure.
        var warm = await ProcessTests.OpenAsync(port, 20);
        await PublishAsync(server, warm, EventsPerRound);
        warm.ForEach(static c => c.Dispose());
        var before = await CollectedAsync(server);
        var clients = await ProcessTests.OpenAsync(port, 1000);
        var largest = await SizeAsync(server);
        var started = TimeProvider.System.GetTimestamp();
        using var timer = new PeriodicTimer(Round, TimeProvider.System);
        for (var round = 1; TimeProvider.System.GetElapsedTime(started) < duration; round++)
        {
            await PublishAsync(server, clients, EventsPerRound);
            if (round % RoundsPerSample == 0)
            {
                // As it is, without a collection that would make it look smaller.
                largest = Math.Max(largest, await SizeAsync(server));
            }

            await timer.WaitForNextTickAsync();
        }

        largest = Math.Max(largest, await SizeAsync(server));
        clients.ForEach(static c => c.Dispose());
        var after = before;
        await Watchdog.UntilAsync(
            async () => (after = await CollectedAsync(server)).Managed < before.Managed + (8 << 20),
            TimeSpan.FromSeconds(5),
            () => $"{before.Managed} bytes before, {after.Managed} after");
        output.WriteLine(
            $"working set {before.WorkingSet >> 20} MB before, at most {largest >> 20} MB during, {after.WorkingSet >> 20} MB after; managed {before.Managed >> 10} KB before, {after.Managed >> 10} KB after");
        (largest - before.WorkingSet).ShouldBeLessThan(100L << 20);
        (after.WorkingSet - before.WorkingSet).ShouldBeLessThan(100L << 20);
    }

    private static async Task<long> SizeAsync(ChildProcess server)
    {
        await server.SendAsync("size");
        return long.Parse(await server.ReceiveAsync(), CultureInfo.InvariantCulture);
    }

    private static async Task<(long WorkingSet, long Managed)> CollectedAsync(ChildProcess server)
    {
        await server.SendAsync("memory");
        var answer = (await server.ReceiveAsync()).Split(' ');
        return (long.Parse(answer[0], CultureInfo.InvariantCulture), long.Parse(answer[1], CultureInfo.InvariantCulture));
    }

    private static async Task PublishAsync(ChildProcess server, List<RawClient> clients, int events)
    {
        await server.SendAsync(events.ToString(CultureInfo.InvariantCulture));
        await Task.WhenAll(clients.Select(c => Task.Run(async () =>
        {
            (await c.ReadUntilAsync(x => x.Parser.Events.Count >= events)).ShouldBeTrue("the stream must not end");
            c.Parser.Events.RemoveRange(0, events);
        }))).Within(TimeSpan.FromSeconds(10));
        (await server.ReceiveAsync()).ShouldBe("published");
    }
}
