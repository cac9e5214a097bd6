using System.Net.Sockets;

namespace Resilience.TestKit.Tests.Stress;

public sealed class TcpProxyTests : IAsyncDisposable
{
    private readonly ManualTimeProvider _time = new();
    private readonly Socket _listener = TcpPair.Listen();
    private readonly TcpProxy _proxy;

    public TcpProxyTests() => _proxy = new TcpProxy(_listener.LocalEndPoint!, _time);

    public async ValueTask DisposeAsync()
    {
        await _proxy.DisposeAsync();
        _listener.Dispose();
    }

    [Fact]
    public async Task Bytes_and_ends_pass_both_ways_and_are_counted()
    {
        var sent = Enumerable.Range(0, 300_000).Select(i => (byte)(i * 31 / 7)).ToArray();
        using (var pair = await ConnectAsync())
        {
            var sending = pair.Client.SendAsync(sent);
            (await TcpPair.ReadAsync(pair.Server, sent.Length)).ShouldBe(sent);
            await sending;
            pair.Client.Shutdown(SocketShutdown.Send);
            (await TcpPair.ReadAsync(pair.Server, 1)).ShouldBeEmpty();

            await pair.Server.SendAsync(new byte[] { 1, 2, 3 });
            (await TcpPair.ReadAsync(pair.Client, 3)).ShouldBe([1, 2, 3]);
            _proxy.Active.ShouldBe(1);
        }

        await _proxy.WhenActiveAsync(0);
        _proxy.Accepted.ShouldBe(1);
        _proxy.ToServer.Bytes.ShouldBe(300_000);
        _proxy.ToClient.Bytes.ShouldBe(3);
    }

    [Fact]
    public async Task A_delay_holds_each_piece_back_by_its_time_and_keeps_the_other_way_fast()
    {
        _proxy.ToServer.Delay = TimeSpan.FromSeconds(2);
        using var pair = await ConnectAsync();
        await pair.Client.SendAsync(new byte[] { 1 });
        await _time.WhenDueInAsync(TimeSpan.FromSeconds(2));
        await pair.Server.SendAsync(new byte[] { 9 });
        (await TcpPair.ReadAsync(pair.Client, 1)).ShouldBe([9]);

        _time.Advance(TimeSpan.FromSeconds(1.9));
        _proxy.ToServer.Bytes.ShouldBe(0);
        _time.Advance(TimeSpan.FromSeconds(0.1));

        (await TcpPair.ReadAsync(pair.Server, 1)).ShouldBe([1]);
    }

    [Fact]
    public async Task A_stalled_lane_passes_nothing_until_it_resumes_and_loses_nothing()
    {
        using var pair = await ConnectAsync();
        _proxy.ToClient.Stall();
        _proxy.ToClient.IsStalled.ShouldBeTrue();
        var flood = new byte[8 * 1024 * 1024];
        var sending = pair.Server.SendAsync(flood);
        await RoundTripAsync(pair.Client, pair.Server);
        _proxy.ToClient.Bytes.ShouldBe(0);
        sending.IsCompleted.ShouldBeFalse("the sender's window must fill up");

        _proxy.ToClient.Resume();

        (await TcpPair.ReadAsync(pair.Client, flood.Length)).Length.ShouldBe(flood.Length);
        (await sending).ShouldBe(flood.Length);
    }

    [Fact]
    public async Task A_cut_resets_both_sides()
    {
        using var pair = await ConnectAsync();

        _proxy.Cut().ShouldBe(1);

        await ShouldBeResetAsync(pair.Client);
        await ShouldBeResetAsync(pair.Server);
        await _proxy.WhenActiveAsync(0);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(16_384)]
    [InlineData(99_999)]
    public async Task A_cut_at_an_offset_lets_exactly_that_many_bytes_pass(int offset)
    {
        _proxy.ToClient.CutAfter(offset);
        using var pair = await ConnectAsync();
        var sending = pair.Server.SendAsync(new byte[100_000]);

        (await TcpPair.ReadAsync(pair.Client, offset)).Length.ShouldBe(offset);
        await ShouldBeResetAsync(pair.Client);

        _proxy.ToClient.Bytes.ShouldBe(offset);
        await Task.WhenAny(sending).Within();
        _proxy.ToClient.CutNoMore();
        using var next = await ConnectAsync();
        await RoundTripAsync(next.Server, next.Client);
    }

    [Fact]
    public async Task A_cut_waits_for_a_slow_reader_to_get_what_was_allowed()
    {
        const int Offset = 65_536;
        _proxy.ToClient.CutAfter(Offset);
        using var pair = await TcpPair.ConnectAsync(_listener, _proxy.EndPoint, receiveBuffer: 4_096);
        _ = pair.Server.SendAsync(new byte[2 * Offset]);
        await Watchdog.UntilAsync(() => _proxy.ToClient.Bytes == Offset);

        // Most of it is still in the proxy's kernel buffer now: the reader's window is small.
        (await TcpPair.ReadAsync(pair.Client, Offset)).Length.ShouldBe(Offset);
        await ShouldBeResetAsync(pair.Client);
    }

    [Fact]
    public async Task A_half_close_ends_one_direction_only()
    {
        using var pair = await ConnectAsync();
        await RoundTripAsync(pair.Client, pair.Server);

        _proxy.ToClient.HalfClose();

        (await TcpPair.ReadAsync(pair.Client, 1)).ShouldBeEmpty();
        await RoundTripAsync(pair.Client, pair.Server);
    }

    [Fact]
    public async Task A_discarded_reply_is_lost_though_the_sender_is_content()
    {
        using var pair = await ConnectAsync();
        _proxy.ToClient.Discard = true;
        await pair.Server.SendAsync(new byte[] { 1 });
        await Watchdog.UntilAsync(() => DarkSocket.Unacknowledged(pair.Server) == 0);
        await RoundTripAsync(pair.Client, pair.Server);
        pair.Server.Shutdown(SocketShutdown.Send);

        (await TcpPair.ReadAsync(pair.Client, 1)).ShouldBeEmpty();
        _proxy.ToClient.Bytes.ShouldBe(0);
    }

    [Fact]
    public async Task Refused_clients_are_reset_and_never_reach_the_server()
    {
        _proxy.Refuse = true;
        await ShouldBeResetAtOnceAsync();

        _proxy.Active.ShouldBe(0);
        _proxy.Accepted.ShouldBe(1);
    }

    [Fact]
    public async Task A_server_that_is_away_shows_as_a_reset()
    {
        _listener.Dispose();
        await ShouldBeResetAtOnceAsync();
    }

    private static async Task RoundTripAsync(Socket from, Socket to)
    {
        await from.SendAsync(new byte[] { 42 });
        (await TcpPair.ReadAsync(to, 1)).ShouldBe([42]);
    }

    private static async Task ShouldBeResetAsync(Socket socket)
    {
        var error = await Should.ThrowAsync<SocketException>(() => socket.ReceiveAsync(new byte[1]).Within());
        error.SocketErrorCode.ShouldBe(SocketError.ConnectionReset);
    }

    /// <summary>The reset may come so early that the connect itself reports it.</summary>
    private async Task ShouldBeResetAtOnceAsync()
    {
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        var error = await Should.ThrowAsync<SocketException>(async () =>
        {
            await client.ConnectAsync(_proxy.EndPoint);
            await client.ReceiveAsync(new byte[1]).Within();
        });
        error.SocketErrorCode.ShouldBe(SocketError.ConnectionReset);
    }

    private Task<TcpPair> ConnectAsync() => TcpPair.ConnectAsync(_listener, _proxy.EndPoint);
}
