using System.Net.Sockets;
using Resilience.Sse.Tests.Support;
using Resilience.TestKit;

namespace Resilience.Sse.Tests.Stress;

/// <summary>A socket that is not TCP's, as between a proxy and the server on one machine.</summary>
public sealed class UnixSocketTests
{
    [Fact]
    public async Task A_socket_that_knows_none_of_the_options_carries_a_stream_as_well()
    {
        using var folder = new TempFolder();
        var path = folder.PathOf("s");
        await using var app = await SseApp.StartAsync(kestrel: k => k.ListenUnixSocket(path));
        using var client = await (await RawClient.ConnectAsync(new UnixDomainSocketEndPoint(path), "/events")).OpenedAsync();
        app.Manager.Snapshot().Single().RemoteAddress.ShouldBeNull();
        await app.Publisher.PublishAsync("news", "x");
        (await client.ReadUntilAsync(static c => c.Parser.Events.Count == 1)).ShouldBeTrue();
    }
}
