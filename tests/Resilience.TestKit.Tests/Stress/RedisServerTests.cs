using System.Net.Sockets;
using StackExchange.Redis;

namespace Resilience.TestKit.Tests.Stress;

public sealed class RedisServerTests
{
    [Fact]
    public async Task What_was_acknowledged_survives_kill_9_with_an_append_only_file_on_the_same_port()
    {
        await using var server = await RedisServer.StartNewAsync(new RedisServerOptions { AppendOnly = true });
        var port = server.Port;
        await server.ExecuteAsync("SET", "a", "1");

        await server.KillAsync();

        server.IsRunning.ShouldBeFalse();
        await Should.ThrowAsync<SocketException>(() => server.ExecuteAsync("PING"));
        await server.StartAsync();
        server.Port.ShouldBe(port);
        (await server.ExecuteAsync("GET", "a")).ShouldBe("1");
    }

    [Fact]
    public async Task Without_one_a_restart_is_empty()
    {
        await using var server = await RedisServer.StartNewAsync();
        await server.ExecuteAsync("SET", "a", "1");

        await server.KillAndRestartAsync();

        (await server.ExecuteAsync("GET", "a")).ShouldBeNull();
    }

    [Fact]
    public async Task A_frozen_server_keeps_its_connections_and_answers_when_it_continues()
    {
        await using var server = await RedisServer.StartNewAsync();
        server.Freeze();
        server.IsFrozen.ShouldBeTrue();
        var ping = server.ExecuteAsync("PING");
        using var other = new TcpClient();
        await other.ConnectAsync(server.EndPoint.Host, server.Port).WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System);
        ping.IsCompleted.ShouldBeFalse();

        server.Continue();

        server.IsFrozen.ShouldBeFalse();
        (await ping).ShouldBe("PONG");
        server.Freeze();
        await server.KillAsync();
        server.IsRunning.ShouldBeFalse();
    }

    [Fact]
    public async Task A_stop_ends_it_in_good_order()
    {
        await using var server = await RedisServer.StartNewAsync();

        await server.StopAsync();

        server.IsRunning.ShouldBeFalse();
        server.Log.ShouldContain("ready to exit");
    }

    [Fact]
    public async Task The_memory_limit_is_the_servers_own()
    {
        await using var server = await RedisServer.StartNewAsync(new RedisServerOptions { MaxMemory = 3_000_000, Settings = [("maxclients", "50")] });

        (await server.InfoAsync("memory"))["maxmemory"].ShouldBe("3000000");
        (await server.ExecuteAsync("CONFIG", "GET", "maxclients")).ShouldBe(new object[] { "maxclients", "50" });
        var error = await Should.ThrowAsync<InvalidOperationException>(async () =>
        {
            for (var i = 0; i < 100; i++)
            {
                await server.ExecuteAsync("SET", $"k{i}", new string('x', 100_000));
            }
        });
        error.Message.ShouldContain("OOM");
    }

    [Fact]
    public async Task Calls_are_counted_inside_scripts_too_and_flush_empties()
    {
        await using var server = await RedisServer.StartNewAsync();
        await server.ExecuteAsync("EVAL", "redis.call('SET', KEYS[1], 'x') redis.call('SET', KEYS[1], 'y') return {1, redis.call('GET', KEYS[1])}", "1", "k");

        (await server.CallsOfAsync("set")).ShouldBe(2);
        (await server.CallsOfAsync("xtrim")).ShouldBe(0);
        await server.FlushAsync();
        (await server.ExecuteAsync("DBSIZE")).ShouldBe(0L);
    }

    [Fact]
    public async Task A_server_that_cannot_start_says_why()
    {
        var error = await Should.ThrowAsync<InvalidOperationException>(() => RedisServer.StartNewAsync(new RedisServerOptions { Settings = [("no-such-setting", "1")] }));

        error.Message.ShouldContain("no-such-setting");
    }

    [Fact]
    public async Task The_shared_server_is_one_and_takes_the_client()
    {
        var server = await RedisServer.SharedAsync();
        (await RedisServer.SharedAsync()).ShouldBeSameAs(server);
        var key = RedisServer.NewPrefix() + "x";
        RedisServer.NewPrefix().ShouldNotBe(RedisServer.NewPrefix());

        using var client = await ConnectionMultiplexer.ConnectAsync(server.Configuration);
        await client.GetDatabase().StringSetAsync(key, "1");

        (await server.ExecuteAsync("GET", key)).ShouldBe("1");
    }
}
