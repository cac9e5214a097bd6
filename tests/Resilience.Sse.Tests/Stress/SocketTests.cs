using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Resilience.Sse.Tests.Support;
using Resilience.TestKit;

namespace Resilience.Sse.Tests.Stress;

/// <summary>What only real sockets show.</summary>
public sealed class SocketTests
{
    [Fact]
    public async Task I8_Headers_and_first_bytes_come_without_any_event()
    {
        await using var app = await SseApp.StartAsync();
        using var client = await (await RawClient.ConnectAsync(app.EndPoint, "/events")).OpenedAsync();
        client.Parser.Retry.ShouldBe(3000);
        client.Parser.LastEventId.ShouldEndWith(".0");
    }

    [Fact]
    public async Task A_metric_listener_that_throws_while_the_pump_delivers_ends_that_stream_and_no_other()
    {
        await using var app = await SseApp.StartAsync();
        using var first = await (await RawClient.ConnectAsync(app.EndPoint, "/events")).OpenedAsync();
        using var second = await (await RawClient.ConnectAsync(app.EndPoint, "/events")).OpenedAsync();
        var factory = app.App.Services.GetRequiredService<IMeterFactory>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, own) =>
            {
                if (ReferenceEquals(instrument.Meter.Scope, factory) && instrument.Name == "resilience.sse.events.sent")
                {
                    own.EnableMeasurementEvents(instrument);
                }
            },
        };
        var thrown = 0;
        listener.SetMeasurementEventCallback<long>((_, _, _, _) =>
        {
            if (Interlocked.Exchange(ref thrown, 1) == 0)
            {
                throw new InvalidOperationException("listener");
            }
        });
        listener.Start();
        await app.Publisher.PublishAsync("news", "one");
        await Watchdog.UntilAsync(() => app.Manager.ConnectionCount == 1);
        app.Manager.GetStatistics().Closed["faulted"].ShouldBe(1);
        var left = (await Task.WhenAll(GetsAsync(first), GetsAsync(second))).Count(static got => got);
        left.ShouldBe(1);

        static Task<bool> GetsAsync(RawClient client) => client.ReadUntilAsync(static c => c.Parser.Events.Any(static e => e.Data == "one"));
    }

    [Fact]
    public async Task I9_Of_500_parallel_connects_against_a_limit_of_5_exactly_5_are_accepted_and_a_closed_slot_is_free_at_once()
    {
        await using var app = await SseApp.StartAsync(static o => o.MaxConnectionsPerKey = 5);
        var clients = await Task.WhenAll(Enumerable.Range(0, 500).Select(async _ =>
        {
            var client = await RawClient.ConnectAsync(app.EndPoint, "/events");
            await client.ReadUntilAsync(static c => c.Status > 0);
            return client;
        })).Within(TimeSpan.FromSeconds(10));
        clients.Count(static c => c.Status == 200).ShouldBe(5);
        clients.Count(static c => c.Status == 429).ShouldBe(495);
        clients.First(static c => c.Status == 429).Headers.ShouldContain("Retry-After:");

        // What a loaded machine adds is not the server's: the quickest of the five counts.
        var quickest = TimeSpan.MaxValue;
        var next = new List<RawClient>();
        foreach (var accepted in clients.Where(static c => c.Status == 200))
        {
            var started = TimeProvider.System.GetTimestamp();
            accepted.Dispose();
            await Watchdog.UntilAsync(() => app.Node.Limiter.Count == 4);
            var took = TimeProvider.System.GetElapsedTime(started);
            quickest = took < quickest ? took : quickest;
            next.Add(await (await RawClient.ConnectAsync(app.EndPoint, "/events")).OpenedAsync());
        }

        quickest.ShouldBeLessThan(TimeSpan.FromSeconds(1));
        foreach (var client in clients.Concat(next.Skip(1)))
        {
            client.Dispose();
        }

        await Watchdog.UntilAsync(() => app.Manager.ConnectionCount == 1);
        next[0].Dispose();
    }

    [Fact]
    public async Task I5_A_peer_that_vanishes_without_a_word_is_removed_as_stale_in_time()
    {
        await using var app = await SseApp.StartAsync(static o =>
        {
            o.HeartbeatInterval = TimeSpan.FromSeconds(1);
            o.StaleTimeout = TimeSpan.FromSeconds(8);
        });

        // StaleTimeout, with room for many heartbeats, of which two must be sent for the reason; a heartbeat, a turn of the wheel; and what a loaded machine adds. Where
        // it adds more, it is measured again.
        var bound = TimeSpan.FromSeconds(8 + 1 + 1 + 3);
        var (took, times) = (TimeSpan.MaxValue, 0);
        while (took >= bound && times < 5)
        {
            times++;
            using var client = await (await RawClient.ConnectAsync(app.EndPoint, "/events")).OpenedAsync();
            using var dark = DarkSocket.Attach(client.Socket);
            var started = TimeProvider.System.GetTimestamp();
            await Watchdog.UntilAsync(() => app.Manager.ConnectionCount == 0, TimeSpan.FromSeconds(5));
            took = TimeProvider.System.GetElapsedTime(started);
            app.Manager.GetStatistics().Stale.ShouldBe(times, app.Closed);
        }

        took.ShouldBeLessThan(bound);
    }

    [Fact]
    public async Task I5_A_peer_that_vanishes_on_HTTP2_is_removed_with_all_its_streams_in_time()
    {
        await using var app = await SseApp.StartAsync(
            static o =>
            {
                o.HeartbeatInterval = TimeSpan.FromSeconds(1);
                o.StaleTimeout = TimeSpan.FromSeconds(3);
            },
            protocols: HttpProtocols.Http2);
        Socket? socket = null;
        using var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (_, ct) =>
            {
                socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await socket.ConnectAsync(app.EndPoint, ct);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        using var http = new HttpClient(handler) { BaseAddress = app.Address, DefaultRequestVersion = HttpVersion.Version20, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };
        await using var one = await SseReader.OpenAsync(http, "/events");
        await using var two = await SseReader.OpenAsync(http, "/events");
        app.Node.Connections.Select(static c => c.SharedTransport).Distinct().Count().ShouldBe(1, "both streams share one connection");
        using var dark = DarkSocket.Attach(socket!);
        await Watchdog.UntilAsync(() => app.Manager.ConnectionCount == 0, TimeSpan.FromSeconds(5), () => app.Closed);
    }

    [Fact]
    public async Task I10_On_a_socket_the_TIMEOUT_event_is_the_last_and_the_response_ends_properly()
    {
        // By a clock of its own: the last words have some seconds to leave, and the next stream a lifetime of one.
        var time = new ManualTimeProvider();
        await using var app = await SseApp.StartAsync(static o => o.MaxLifetime = TimeSpan.FromSeconds(1), time: time);
        using var client = await (await RawClient.ConnectAsync(app.EndPoint, "/events")).OpenedAsync();
        time.Advance(TimeSpan.FromSeconds(1));
        (await client.ReadUntilAsync(static c => c.Terminated)).ShouldBeTrue("the chunks are ended, not cut");
        client.Parser.Events.Single().Data.ShouldBe("""{"error":"Connection timeout","code":"TIMEOUT"}""");

        // What a browser does next.
        await app.Publisher.PublishAsync("news", "meanwhile");
        using var again = await RawClient.ConnectAsync(app.EndPoint, "/events", client.Parser.LastEventId);
        (await again.ReadUntilAsync(static c => c.Parser.Events.Count > 0)).ShouldBeTrue();
        again.Parser.Events[0].Data.ShouldBe("meanwhile");
    }

    [Fact]
    public async Task I4_A_stalled_reader_among_100_is_cut_by_policy_delays_nobody_and_holds_little_memory()
    {
        // The policy's time is the test's: however long the readers take, the stalled one still stands, and no reader is taken for one.
        var time = new ManualTimeProvider();
        var sockets = new ServerSockets();
        await using var app = await SseApp.StartAsync(static o =>
        {
            o.HeartbeatInterval = TimeSpan.FromMinutes(5);
            o.StaleTimeout = TimeSpan.FromMinutes(10);
            o.HistoryAge = TimeSpan.FromHours(24);
            o.MaxLifetime = TimeSpan.FromDays(7);
            o.HistoryEvents = 100_000;
            o.HistoryBytes = 256 << 20;
            o.TotalHistoryBytes = 256 << 20;
        }, map: sockets.Capture, time: time);
        using var stalled = await (await RawClient.ConnectAsync(app.EndPoint, "/events", receiveBuffer: 4096)).OpenedAsync();
        var stalledId = app.Node.Connections.Single().Id;
        var readers = await Task.WhenAll(Enumerable.Range(0, 99).Select(async _ => await (await RawClient.ConnectAsync(app.EndPoint, "/events")).OpenedAsync()));
        var payload = new string('x', 2000);
        var last = 0L;
        for (var i = 0; i < 300; i++)
        {
            last = (await app.Publisher.PublishAsync("news", payload)).Sequence;
        }

        await Task.WhenAll(readers.Select(r => r.ReadUntilAsync(c => c.Parser.Events.Count == 300))).Within(TimeSpan.FromSeconds(5));
        var info = app.Manager.Find(stalledId);
        info.ShouldNotBeNull("the others have everything while it still stands");

        // All that was given to the server for it: the pipe, the kernel's unsent and unacknowledged bytes, and what the client's own side took.
        info.BytesSent.ShouldBeLessThan(256 * 1024);
        (sockets.Held(stalled.Socket) + KernelMemory.Held(stalled.Socket) + ServerSockets.InProcess).ShouldBeLessThan(256 * 1024, "with the kernel's share of both ends");
        await Watchdog.UntilAsync(
            async () =>
            {
                // A round is far below what convicts, and each reader ends it with a flush that came to its end.
                Turn(time, 60);
                var id = await app.Publisher.PublishAsync("news", "round");
                await Task.WhenAll(readers.Select(r => r.ReadUntilAsync(c => c.Parser.LastEventId == id.ToString())));
                return app.Manager.Find(stalledId) is null;
            },
            TimeSpan.FromSeconds(10));
        app.Manager.ConnectionCount.ShouldBe(99);
        app.Manager.GetStatistics().Stale.ShouldBe(1, app.Closed);
        foreach (var reader in readers)
        {
            reader.Dispose();
        }
    }

    [Fact]
    public async Task I6_Two_hundred_stalled_readers_and_large_events_hold_little_more_than_their_shared_frames()
    {
        // Until all are looked at, no time passes that would cut one of them.
        var time = new ManualTimeProvider();
        var sockets = new ServerSockets();
        await using var app = await SseApp.StartAsync(static o =>
        {
            o.StaleTimeout = TimeSpan.FromMinutes(10);
            o.HistoryAge = TimeSpan.FromHours(24);
            o.MaxLifetime = TimeSpan.FromDays(7);
            o.HistoryBytes = 16 << 20;
        }, map: sockets.Capture, time: time);
        var stalled = await Task.WhenAll(Enumerable.Range(0, 200).Select(async _ => await (await RawClient.ConnectAsync(app.EndPoint, "/events", receiveBuffer: 4096)).OpenedAsync()));
        var payload = new string('x', 256 * 1024);
        for (var i = 0; i < 30; i++)
        {
            await app.Publisher.PublishAsync("news", payload);
        }

        await Watchdog.UntilAsync(() => app.Node.Connections.All(static c => c.Describe().BytesSent > 30_000));
        app.Node.Connections.Max(static c => c.Describe().BytesSent).ShouldBeLessThan(256 * 1024);
        stalled.Max(c => sockets.Held(c.Socket) + KernelMemory.Held(c.Socket) + ServerSockets.InProcess).ShouldBeLessThan(256 * 1024, "with the kernel's share of both ends");
        app.Node.Hub.RetainedBytes.ShouldBeLessThan(9 << 20);
        await Watchdog.UntilAsync(
            () =>
            {
                Turn(time, 10);
                return app.Manager.ConnectionCount == 0;
            },
            TimeSpan.FromSeconds(6));
        app.Manager.GetStatistics().Stale.ShouldBe(200, app.Closed);
        foreach (var client in stalled)
        {
            client.Dispose();
        }
    }

    [Theory]
    [InlineData(SseSlowClientPolicy.Disconnect)]
    [InlineData(SseSlowClientPolicy.DropOldest)]
    public async Task A_client_that_falls_behind_the_history_is_treated_by_policy(SseSlowClientPolicy policy)
    {
        await using var app = await SseApp.StartAsync(o =>
        {
            o.SlowClientPolicy = policy;
            o.HistoryEvents = 10;
        });
        using var slow = await (await RawClient.ConnectAsync(app.EndPoint, "/events", receiveBuffer: 4096)).OpenedAsync();
        var payload = new string('x', 20_000);
        for (var i = 0; i < 200; i++)
        {
            await app.Publisher.PublishAsync("news", $"{i}:{payload}");
        }

        // It was only slow: now it reads everything.
        if (policy == SseSlowClientPolicy.Disconnect)
        {
            await slow.ReadUntilAsync(static c => c.Terminated);
            slow.Parser.Events[^1].Data.ShouldBe("""{"error":"Client too slow","code":"SLOW_CONSUMER"}""");
            slow.Parser.Events.ShouldNotContain(static e => e.Type == "sse.gap");
            return;
        }

        await slow.ReadUntilAsync(static c => c.Parser.Events.Any(static e => e.Data.StartsWith("199:", StringComparison.Ordinal)));
        slow.Parser.Events.ShouldContain(static e => e.Type == "sse.gap");
        var previous = -1;
        var told = false;
        foreach (var e in slow.Parser.Events)
        {
            if (e.Type == "sse.gap")
            {
                told = true;
                continue;
            }

            var number = int.Parse(e.Data.AsSpan(0, e.Data.IndexOf(':', StringComparison.Ordinal)), System.Globalization.CultureInfo.InvariantCulture);
            (number > previous + 1).ShouldBe(told, $"a hole before {number} and a gap event are the same thing");
            previous = number;
            told = false;
        }

        previous.ShouldBe(199);
    }

    [Fact]
    public async Task I4_On_HTTP2_a_stalled_stream_is_cut_and_its_siblings_live()
    {
        var time = new ManualTimeProvider();
        await using var app = await SseApp.StartAsync(
            static o =>
            {
                o.HeartbeatInterval = TimeSpan.FromMinutes(5);
                o.StaleTimeout = TimeSpan.FromMinutes(10);
                o.HistoryAge = TimeSpan.FromHours(24);
                o.MaxLifetime = TimeSpan.FromDays(7);
                o.HistoryBytes = 64 << 20;
            },
            protocols: HttpProtocols.Http2,
            time: time);
        using var handler = new SocketsHttpHandler { InitialHttp2StreamWindowSize = 65_535, EnableMultipleHttp2Connections = false };
        using var http = new HttpClient(handler) { BaseAddress = app.Address, DefaultRequestVersion = HttpVersion.Version20, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };
        await using var stalled = await SseReader.OpenAsync(http, "/events?channels=big");
        await using var sibling = await SseReader.OpenAsync(http, "/events?channels=small");
        app.Node.Connections.Select(static c => c.SharedTransport).Distinct().Count().ShouldBe(1, "both streams share one connection");
        for (var i = 0; i < 100; i++)
        {
            await app.Publisher.PublishAsync("big", new string('x', 20_000));
        }

        await Watchdog.UntilAsync(
            async () =>
            {
                // A round is far below what convicts, and the sibling ends it with a flush that came to its end.
                Turn(time, 60);
                await app.Publisher.PublishAsync("small", "alive");
                (await sibling.NextAsync())!.Value.Data.ShouldBe("alive");
                return app.Manager.ConnectionCount == 1;
            },
            TimeSpan.FromSeconds(10));
        app.Manager.GetStatistics().Stale.ShouldBe(1, app.Closed);
        await app.Publisher.PublishAsync("small", "still alive");
        (await sibling.NextAsync())!.Value.Data.ShouldBe("still alive");
    }

    [Fact]
    public async Task I13_A_stream_whose_abort_never_fires_ends_with_its_lifetime()
    {
        await using var app = await SseApp.StartAsync(static o => o.MaxLifetime = TimeSpan.FromSeconds(2), map: static a => a.Use(static (context, next) =>
        {
            context.RequestAborted = CancellationToken.None;
            return next(context);
        }));
        using (var client = await (await RawClient.ConnectAsync(app.EndPoint, "/events")).OpenedAsync())
        {
            client.Reset();
        }

        await Watchdog.UntilAsync(() => app.Manager.ConnectionCount == 0, TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task A_client_that_does_not_go_is_cut_when_the_time_of_the_drain_is_over()
    {
        // Shorter than the time that last words have by themselves, and no multiple of the wheel's turn: only the drain's own timer is due then.
        var drain = TimeSpan.FromSeconds(4.5);
        var time = new ManualTimeProvider();
        await using var app = await SseApp.StartAsync(o => (o.DrainTimeout, o.HistoryBytes, o.MaxEventBytes) = (drain, 64 << 20, 16 << 20), time: time);
        using var reading = await (await RawClient.ConnectAsync(app.EndPoint, "/events?channels=small")).OpenedAsync();
        using var stalled = await (await RawClient.ConnectAsync(app.EndPoint, "/events?channels=big", receiveBuffer: 4096)).OpenedAsync();

        // One event that no buffers between can hold. Once it is begun it must be finished before last words, which takes a client that reads.
        await app.Publisher.PublishAsync("big", new string('x', 16 << 20));
        await Watchdog.UntilAsync(() => app.Node.Connections.Max(static c => c.Bytes) > 20_000);

        var draining = app.Manager.DrainAsync();
        (await reading.ReadUntilAsync(static c => c.Terminated)).ShouldBeTrue();
        reading.Parser.Events[^1].Data.ShouldBe("""{"reason":"shutdown"}""");
        await time.WhenDueInAsync(drain);
        app.Manager.ConnectionCount.ShouldBe(1);
        draining.IsCompleted.ShouldBeFalse();
        time.Advance(drain);
        await draining.Within(TimeSpan.FromSeconds(3));
        app.Manager.ConnectionCount.ShouldBe(0);
        app.Manager.GetStatistics().Closed["shutdown"].ShouldBe(2, app.Closed);
        (await stalled.ReadUntilAsync(static c => c.Closed || c.Terminated)).ShouldBeTrue();
        stalled.Terminated.ShouldBeFalse("it was cut, not told");
    }

    private static void Turn(ManualTimeProvider time, int seconds)
    {
        for (var i = 0; i < seconds; i++)
        {
            time.Advance(TimeSpan.FromSeconds(1));
        }
    }
}
