using Resilience.Data.Redis.Tests.Support;
using Resilience.TestKit;

namespace Resilience.Data.Redis.Tests.Stress;

public sealed class RedisOutageTests
{
    private readonly string _prefix = RedisServer.NewPrefix();

    [Fact]
    public async Task Redis_killed_between_commit_and_invalidation_is_healed_when_it_is_back()
    {
        // Append-only: what was there before the kill is there after it, so an old entry would show. On the clock of the test, so that no call is given up
        // while the server is there, and nothing is sent again before it is back.
        await using var server = await RedisServer.StartNewAsync(new RedisServerOptions { AppendOnly = true });
        var time = new ManualTimeProvider();
        await using var node = new RedisNode(server, _prefix, configuration: RedisNode.TriesOften(server), time: time);
        await using var other = new RedisNode(server, _prefix, configuration: RedisNode.TriesOften(server), time: time);
        var row = "one";
        ValueTask<string> Load(CancellationToken token) => ValueTask.FromResult(row);
        await node.WhenConnectedAsync();
        await other.WhenConnectedAsync();
        await node.Cache.GetOrCreateAsync("with begin", Load).Within();
        await node.Cache.GetOrCreateAsync("without", Load).Within();
        await other.Cache.GetOrCreateAsync("without", Load).Within();

        var write = await node.Cache.BeginWriteAsync(["with begin"]).Within();
        row = "two";
        await server.KillAsync();
        await GivenUpAsync(write.DisposeAsync());
        await GivenUpAsync(node.Cache.RemoveAsync("without"));
        (await node.Cache.GetOrCreateAsync("with begin", Load).Within()).ShouldBe("two", "the commit stands, and this node knows it");
        (await node.Cache.GetOrCreateAsync("without", Load).Within()).ShouldBe("two");
        node.Metrics.Value("resilience.data.cache.pending_invalidations").ShouldBe(2);
        node.Logs.Of(4030).Count.ShouldBe(1);
        node.Logs.Of(4031).ShouldBeEmpty();

        await server.StartAsync();
        await node.WhenConnectedAsync();
        await other.WhenConnectedAsync();
        await Watchdog.UntilAsync(() =>
        {
            // In small steps: a call has long ended before the clock has come to its limit.
            time.Advance(TimeSpan.FromMilliseconds(20));
            return node.Metrics.Value("resilience.data.cache.pending_invalidations") == 0;
        });

        // What the other node has for itself ends, and it asks the server.
        time.Advance(TimeSpan.FromMinutes(1));
        (await other.Cache.GetOrCreateAsync("without", Load).Within()).ShouldBe("two");
        (await other.Cache.GetOrCreateAsync("with begin", Load).Within()).ShouldBe("two");
        other.Logs.Of(4030).ShouldBeEmpty("it was told by the server, and did not fall back on the database");
        await Watchdog.UntilAsync(() => node.Logs.Of(4031).Count == 1);

        // The server is gone: a call that does not see that at once comes to its limit.
        Task GivenUpAsync(ValueTask call) => time.DriveAsync(call.AsTask(), TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task A_reconnection_clears_the_local_level()
    {
        await using var server = await RedisServer.StartNewAsync();
        await using var proxy = new TcpProxy(server.EndPoint);
        await using var reader = new RedisNode(server, _prefix, static o => o.LocalTtl = TimeSpan.FromMinutes(5), configuration: $"127.0.0.1:{proxy.Port},connectTimeout=1000,syncTimeout=2000");
        await using var writer = new RedisNode(server, _prefix);
        var row = "one";
        ValueTask<string> Load(CancellationToken token) => ValueTask.FromResult(row);
        await Watchdog.UntilAsync(async () => await reader.Cache.GetOrCreateAsync("k", Load) == "one" && proxy.Active >= 2);

        // The message is lost: the reader's connections are cut while it is sent.
        proxy.Refuse = true;
        proxy.Cut();
        row = "two";
        await writer.Cache.RemoveAsync("k");
        proxy.Refuse = false;

        // Without a reset the local entry would live for five minutes.
        await Watchdog.UntilAsync(async () => await reader.Cache.GetOrCreateAsync("k", Load) == "two");
        await Watchdog.UntilAsync(() => reader.Logs.Of(4500).Count > 0);
        await Watchdog.UntilAsync(() => reader.Logs.Of(4501).Count > 0);
    }

    [Fact]
    public async Task A_server_that_is_down_at_start_is_waited_for_in_the_background()
    {
        await using var server = await RedisServer.StartNewAsync();
        await server.KillAsync();
        await using var node = new RedisNode(server, _prefix, configuration: RedisNode.TriesOften(server));

        (await node.Cache.GetOrCreateAsync("k", static _ => ValueTask.FromResult(1)).Within()).ShouldBe(1);
        await server.StartAsync();

        await Watchdog.UntilAsync(async () =>
        {
            await node.Cache.GetOrCreateAsync(Guid.CreateVersion7().ToString(), static _ => ValueTask.FromResult(1));
            return node.Logs.Of(4031).Count > 0;
        });
    }
}
