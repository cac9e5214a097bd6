using Resilience.Sse.Tests.Support;
using Resilience.TestKit;

namespace Resilience.Sse.Tests.Stress;

/// <summary>The order in which a host stops: first the streams, then the server.</summary>
public sealed class StoppingTests
{
    [Fact]
    public async Task A_client_that_comes_while_the_host_stops_gets_503_from_a_server_that_still_listens()
    {
        var drain = TimeSpan.FromSeconds(4.5);
        var time = new ManualTimeProvider();
        await using var app = await SseApp.StartAsync(o => (o.DrainTimeout, o.HistoryBytes, o.MaxEventBytes) = (drain, 64 << 20, 16 << 20), time: time);

        // It does not go by itself: an event that no buffers between can hold was begun and must be finished first.
        using var stalled = await (await RawClient.ConnectAsync(app.EndPoint, "/events", receiveBuffer: 4096)).OpenedAsync();
        await app.Publisher.PublishAsync("news", new string('x', 16 << 20));
        await Watchdog.UntilAsync(() => app.Node.Connections.Single().Bytes > 20_000);
        var stopping = app.App.StopAsync();
        await time.WhenDueInAsync(drain);
        using (var late = await RawClient.ConnectAsync(app.EndPoint, "/events"))
        {
            await late.ReadUntilAsync(static c => c.Status > 0);
            late.Status.ShouldBe(503);
            late.Headers.ShouldContain("Retry-After:");
        }

        stopping.IsCompleted.ShouldBeFalse();
        time.Advance(drain);
        await stopping.Within(TimeSpan.FromSeconds(6));
        app.Manager.GetStatistics().Closed["shutdown"].ShouldBe(1, app.Closed);
    }
}
