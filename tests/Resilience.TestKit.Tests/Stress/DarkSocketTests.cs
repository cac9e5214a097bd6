using System.Net.Sockets;

namespace Resilience.TestKit.Tests.Stress;

public sealed class DarkSocketTests : IDisposable
{
    private const int IpProtoTcp = 6;
    private const int TcpUserTimeout = 18;
    private readonly Socket _listener = TcpPair.Listen();

    public void Dispose() => _listener.Dispose();

    [Fact]
    public async Task A_dark_peer_acknowledges_nothing_and_the_other_side_hears_no_end()
    {
        using var pair = await TcpPair.ConnectAsync(_listener);
        using var dark = DarkSocket.Attach(pair.Client);

        await pair.Server.SendAsync(new byte[] { 1 });
        var reading = pair.Client.ReceiveAsync(new byte[1]);

        // The server's first resend comes after 200 ms: it shows that no acknowledgement came for the first packet.
        await Watchdog.UntilAsync(() => Retransmits(pair.Server) > 0);
        DarkSocket.Unacknowledged(pair.Server).ShouldBeGreaterThan(0);
        reading.IsCompleted.ShouldBeFalse();
        pair.Server.Poll(0, SelectMode.SelectRead).ShouldBeFalse("the server must not learn that its peer is gone");
    }

    [Fact]
    public async Task What_is_resent_arrives_when_the_peer_comes_back()
    {
        using var pair = await TcpPair.ConnectAsync(_listener);
        var dark = DarkSocket.Attach(pair.Client);
        await pair.Server.SendAsync(new byte[] { 7 });
        await Watchdog.UntilAsync(() => Retransmits(pair.Server) > 0);

        dark.Dispose();
        dark.Dispose();

        (await TcpPair.ReadAsync(pair.Client, 1)).ShouldBe([7]);
        await Watchdog.UntilAsync(() => DarkSocket.Unacknowledged(pair.Server) == 0);
    }

    [Fact]
    public async Task A_user_timeout_on_the_other_side_finds_the_dark_peer()
    {
        using var pair = await TcpPair.ConnectAsync(_listener);
        pair.Server.SetRawSocketOption(IpProtoTcp, TcpUserTimeout, BitConverter.GetBytes(300));
        using var dark = DarkSocket.Attach(pair.Client);

        await pair.Server.SendAsync(new byte[] { 1 });

        var error = await Should.ThrowAsync<SocketException>(() => pair.Server.ReceiveAsync(new byte[1]).Within());
        error.SocketErrorCode.ShouldBe(SocketError.TimedOut);
    }

    [Fact]
    public async Task Coming_back_after_the_socket_was_closed_does_nothing()
    {
        using var pair = await TcpPair.ConnectAsync(_listener);
        var dark = DarkSocket.Attach(pair.Client);
        pair.Client.Dispose();

        Should.NotThrow(dark.Dispose);
    }

    /// <summary>tcpi_retransmits: resends of the oldest segment that is not acknowledged.</summary>
    private static int Retransmits(Socket socket)
    {
        Span<byte> info = stackalloc byte[8];
        socket.GetRawSocketOption(IpProtoTcp, 11, info);
        return info[2];
    }
}
