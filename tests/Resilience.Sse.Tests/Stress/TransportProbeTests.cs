using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Resilience.Sse.Tests.Support;
using Resilience.TestKit;

namespace Resilience.Sse.Tests.Stress;

/// <summary>What the kernel tells of a peer, and what it no longer tells once it has cut.</summary>
public sealed class TransportProbeTests
{
    private const int HeartbeatMs = 1000;

    [Fact]
    public async Task A_peer_is_silent_when_it_went_dark_and_unknown_when_the_kernel_has_cut_it_or_the_socket_is_gone()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(listener.LocalEndPoint!);
        using var server = await listener.AcceptAsync();
        var probe = new TransportProbe(server, null);
        await server.SendAsync(new byte[] { 1 });
        await Watchdog.UntilAsync(() => DarkSocket.Unacknowledged(server) == 0);
        probe.IsSilent(0).ShouldBe(false);

        using var dark = DarkSocket.Attach(client);
        await server.SendAsync(new byte[] { 2 });
        await Watchdog.UntilAsync(() => probe.IsSilent(HeartbeatMs) == true);

        CutSoon(server);
        (await Should.ThrowAsync<SocketException>(() => server.ReceiveAsync(new byte[1]).Within())).SocketErrorCode.ShouldBe(SocketError.TimedOut);
        probe.IsSilent(0).ShouldBeNull("nothing is unacknowledged any more");
        server.Dispose();
        probe.IsSilent(0).ShouldBeNull("it is disposed");
        new TransportProbe(null, null).IsSilent(0).ShouldBeNull("there was never one");
    }

    [Fact]
    public async Task I5_A_peer_that_was_silent_is_stale_although_a_heartbeat_came_between_the_kernels_cut_and_the_servers_abort()
    {
        // The abort comes when the test says so; by its clock as well, nothing else can end the stream.
        var time = new ManualTimeProvider();
        using var aborted = new CancellationTokenSource();
        Socket? server = null;
        await using var app = await SseApp.StartAsync(
            static o => (o.HeartbeatInterval, o.StaleTimeout, o.MaxLifetime) = (TimeSpan.FromMilliseconds(HeartbeatMs), TimeSpan.FromMinutes(10), TimeSpan.FromDays(7)),
            map: a => a.Use((context, next) =>
            {
                server = context.Features.GetRequiredFeature<IConnectionSocketFeature>().Socket;
                context.RequestAborted = aborted.Token;
                return next(context);
            }),
            time: time);
        using var metrics = new MetricCollector(app.App.Services.GetRequiredService<IMeterFactory>(), "Resilience.Sse");
        using var client = await (await RawClient.ConnectAsync(app.EndPoint, "/events")).OpenedAsync();
        var probe = new TransportProbe(server, null);
        using var dark = DarkSocket.Attach(client.Socket);
        await HeartbeatAsync();
        await Watchdog.UntilAsync(() => probe.IsSilent(HeartbeatMs) == true);
        await HeartbeatAsync();

        CutSoon(server!);
        await Watchdog.UntilAsync(() => probe.IsSilent(HeartbeatMs) is null);
        await HeartbeatAsync();
        await aborted.CancelAsync();
        await Watchdog.UntilAsync(() => app.Manager.ConnectionCount == 0);
        app.Manager.GetStatistics().Stale.ShouldBe(1, app.Closed);

        async Task HeartbeatAsync()
        {
            var before = metrics.Value("resilience.sse.heartbeats");
            await Watchdog.UntilAsync(() =>
            {
                if (metrics.Value("resilience.sse.heartbeats") > before)
                {
                    return true;
                }

                time.Advance(TimeSpan.FromMilliseconds(HeartbeatMs));
                return false;
            });
        }
    }

    /// <summary>From now on the kernel gives up at its next resend what was sent more than a moment ago.</summary>
    private static void CutSoon(Socket socket) => socket.SetRawSocketOption(6, 18, BitConverter.GetBytes(100));
}
