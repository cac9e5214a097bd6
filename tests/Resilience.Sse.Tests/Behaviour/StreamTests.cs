using System.Net.ServerSentEvents;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Resilience.Sse.Tests.Support;

namespace Resilience.Sse.Tests.Behaviour;

/// <summary>What clients get, under the test host, which has no socket.</summary>
public sealed class StreamTests
{
    [Fact]
    public async Task A_published_event_reaches_its_subscribers_only_with_its_id()
    {
        await using var app = await TestApp.StartAsync();
        await using var stream = await app.OpenAsync("/events?channels=a,b");
        var one = await app.Publisher.PublishAsync("a", "one", "greeting");
        await app.Publisher.PublishAsync("c", "not for this one");
        var two = await app.Publisher.PublishAsync("b", new { Text = "two" });
        (await stream.NextAsync()).ShouldBe(new ParsedEvent("greeting", "one", one.ToString()));
        (await stream.NextAsync()).ShouldBe(new ParsedEvent("message", """{"text":"two"}""", two.ToString()));
    }

    [Fact]
    public async Task The_first_bytes_come_without_any_event_and_carry_a_position()
    {
        await using var app = await TestApp.StartAsync();
        var before = await app.Publisher.PublishAsync("news", "earlier");
        await using var stream = await app.OpenAsync();
        stream.Parser.LastEventId.ShouldBe(before.ToString());
        stream.Parser.Retry.ShouldBe(3000);
        stream.Parser.Comments.Count.ShouldBe(1, "the stream begins with our own comment line");
    }

    [Fact]
    public async Task The_headers_keep_proxies_from_collecting_changing_and_compressing()
    {
        await using var app = await TestApp.StartAsync();
        using var response = await app.Http.GetAsync("/events", HttpCompletionOption.ResponseHeadersRead);
        var cache = response.Headers.CacheControl!;
        (cache.NoCache && cache.NoStore && cache.NoTransform).ShouldBeTrue();
        response.Headers.GetValues("X-Accel-Buffering").ShouldBe(["no"]);
        response.Content.Headers.ContentEncoding.ShouldBe(["identity"]);
        response.Content.Headers.ContentType!.ToString().ShouldBe("text/event-stream");
    }

    [Theory]
    [InlineData("Last-Event-ID")]
    [InlineData("lastEventId")]
    [InlineData("last_event_id")]
    public async Task A_client_that_comes_back_gets_what_it_missed_once_and_in_order(string where)
    {
        await using var app = await TestApp.StartAsync();
        var seen = await app.Publisher.PublishAsync("news", "0");
        for (var i = 1; i <= 5; i++)
        {
            await app.Publisher.PublishAsync("news", $"{i}");
        }

        await using var stream = where == "Last-Event-ID"
            ? await app.OpenAsync("/events", seen.ToString())
            : await app.OpenAsync($"/events?{where}={seen}");
        await app.Publisher.PublishAsync("news", "6");
        for (var i = 1; i <= 6; i++)
        {
            (await stream.NextAsync())!.Value.Data.ShouldBe($"{i}");
        }
    }

    [Fact]
    public async Task What_is_published_while_the_handler_decides_is_not_missed()
    {
        var entered = new TaskCompletionSource();
        var leave = new TaskCompletionSource();
        await using var app = await TestApp.StartAsync(map: a => a.MapSse("/slow", async (_, _) =>
        {
            entered.SetResult();
            await leave.Task;
            return SseResults.Subscribe("news");
        }));
        var opening = app.OpenAsync("/slow");
        await entered.Task;
        await app.Publisher.PublishAsync("news", "meanwhile");
        leave.SetResult();
        await using var stream = await opening;
        (await stream.NextAsync())!.Value.Data.ShouldBe("meanwhile");
    }

    [Theory]
    [InlineData("1nothere.5", "epoch")]
    [InlineData("rubbish!", "malformed")]
    public async Task A_gap_that_cannot_be_filled_is_told_in_the_stream(string id, string reason)
    {
        await using var app = await TestApp.StartAsync();
        await using var stream = await app.OpenAsync("/events", id);
        var gap = (await stream.NextAsync())!.Value;
        gap.Type.ShouldBe("sse.gap");
        gap.Data.ShouldContain($"\"reason\":\"{reason}\"");
        gap.Data.ShouldContain("\"channels\":[\"news\"]");
    }

    [Fact]
    public async Task A_quiet_stream_gets_a_heartbeat_that_moves_its_position_and_dispatches_nothing()
    {
        await using var app = await TestApp.StartAsync(static o => o.MaxLifetime = TimeSpan.FromDays(7));
        await using var stream = await app.OpenAsync();
        var other = await app.Publisher.PublishAsync("elsewhere", "x");
        var heartbeat = stream.WhenBlocksAsync(2);
        await app.TurnUntilAsync(() => heartbeat.IsCompleted);
        await heartbeat;
        stream.Parser.LastEventId.ShouldBe(other.ToString());
        stream.Parser.Events.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_frame_that_is_longer_than_a_slice_arrives_whole()
    {
        await using var app = await TestApp.StartAsync();
        await using var stream = await app.OpenAsync();
        var large = string.Concat(Enumerable.Range(0, 20_000).Select(static i => $"{i}\n"));
        await app.Publisher.PublishAsync("news", large);
        await app.Publisher.PublishAsync("news", "after");
        (await stream.NextAsync())!.Value.Data.ShouldBe(large);
        (await stream.NextAsync())!.Value.Data.ShouldBe("after");
    }

    [Fact]
    public async Task Publications_that_a_client_would_read_differently_are_refused()
    {
        await using var app = await TestApp.StartAsync(o => o.MaxEventBytes = 1024);
        await Should.ThrowAsync<ArgumentException>(async () => await app.Publisher.PublishAsync("c", "a\rb"));
        await Should.ThrowAsync<ArgumentException>(async () => await app.Publisher.PublishAsync("c", "x", "two\nlines"));
        await Should.ThrowAsync<ArgumentException>(async () => await app.Publisher.PublishAsync("c", "\uD800"));
        await Should.ThrowAsync<ArgumentException>(async () => await app.Publisher.PublishAsync("", "x"));
        await Should.ThrowAsync<ArgumentException>(async () => await app.Publisher.PublishAsync(new string('c', 201), "x"));
        (await Should.ThrowAsync<ArgumentException>(async () => await app.Publisher.PublishAsync("c", new string('x', 1025)))).Message.ShouldContain("MaxEventBytes");
        app.Publisher.Position.Sequence.ShouldBe(0);
    }

    [Fact]
    public async Task A_repeated_publication_with_the_same_name_is_sent_once()
    {
        await using var app = await TestApp.StartAsync();
        await using var stream = await app.OpenAsync();
        var message = SseMessage.FromText("once") with { DeduplicationId = "outbox-7" };
        var first = await app.Publisher.PublishAsync("news", message);
        (await app.Publisher.PublishAsync("news", message)).ShouldBe(first);
        await app.Publisher.PublishAsync("news", "next");
        (await stream.NextAsync())!.Value.Data.ShouldBe("once");
        (await stream.NextAsync())!.Value.Data.ShouldBe("next");
    }

    [Fact]
    public async Task A_result_from_MapGet_streams_as_well()
    {
        await using var app = await TestApp.StartAsync(map: static a =>
        {
            a.MapGet("/items", () => SseResults.Stream(static _ => Items()));
            a.MapGet("/numbers", () => SseResults.Stream(static _ => Numbers(), "n")).WithSse(static o => o.Name = "numbers");
            a.MapGet("/hub", () => SseResults.Subscribe("news").WithTag("t"));
        });
        await using var items = await app.OpenAsync("/items");
        (await items.NextAsync()).ShouldBe(new ParsedEvent("kind", "text", "id-1"));
        await using var numbers = await app.OpenAsync("/numbers");
        (await numbers.ReadToEndAsync()).ShouldBe(
        [
            new ParsedEvent("n", "1", string.Empty), new ParsedEvent("n", "2", string.Empty), new ParsedEvent("close", """{"reason":"completed"}""", string.Empty),
        ]);
        await using var hub = await app.OpenAsync("/hub");
        app.Manager.Snapshot(SseTarget.Tag("t")).Single().Endpoint.ShouldBe("/hub");

        static async IAsyncEnumerable<SseItem<string>> Items()
        {
            yield return new SseItem<string>("text", "kind") { EventId = "id-1" };
            await Task.CompletedTask;
        }

        static async IAsyncEnumerable<int> Numbers()
        {
            yield return 1;
            await Task.Yield();
            yield return 2;
        }
    }

    [Fact]
    public async Task Each_endpoint_of_a_group_that_is_configured_as_one_has_its_own_name()
    {
        await using var app = await TestApp.StartAsync(map: static a =>
        {
            var group = a.MapGroup("/ops").WithSse(static o => o.MaxLifetime = TimeSpan.FromMinutes(30));
            group.MapSse("/one", static (_, _) => ValueTask.FromResult<IResult>(SseResults.Subscribe("a")));
            group.MapSse("/two", static (_, _) => ValueTask.FromResult<IResult>(SseResults.Subscribe("a")));
        });
        await using var one = await app.OpenAsync("/ops/one");
        await using var two = await app.OpenAsync("/ops/two");
        app.Manager.Snapshot().Select(static c => c.Endpoint).Order().ShouldBe(["/ops/one", "/ops/two"]);
        app.Node.Connections.ShouldAllBe(static c => c.Settings.MaxLifetime == TimeSpan.FromMinutes(30));
    }

    [Fact]
    public async Task A_sample_is_taken_each_period_and_a_comment_keeps_the_stream_alive()
    {
        var samples = 0;
        await using var app = await TestApp.StartAsync(
            static o => o.MaxLifetime = TimeSpan.FromDays(7),
            map: a => a.MapSse("/sample", (_, _) => ValueTask.FromResult<IResult>(SseResults.Sample(TimeSpan.FromHours(1), _ => ValueTask.FromResult(++samples)))));
        await using var stream = await app.OpenAsync("/sample");
        (await stream.NextAsync())!.Value.Data.ShouldBe("1");
        await app.Time.WhenDueInAsync(TimeSpan.FromHours(1));
        var comment = stream.WhenBlocksAsync(3);
        await app.TurnUntilAsync(() => comment.IsCompleted);
        await comment;
        stream.Parser.Comments.Count.ShouldBeGreaterThanOrEqualTo(2);
        stream.Parser.Events.Count.ShouldBe(1);
        app.Turn(3600);
        (await stream.NextAsync())!.Value.Data.ShouldBe("2");
    }

    [Fact]
    public void Results_can_be_looked_at_without_a_server()
    {
        SseResults.Subscribe("a", "b").Channels.ShouldBe(["a", "b"]);
        SseResults.Sample(TimeSpan.FromSeconds(1), static _ => ValueTask.FromResult(1), "s").Period.ShouldBe(TimeSpan.FromSeconds(1));
        SseResults.Subscribe("a").StatusCode.ShouldBe(200);
        Should.Throw<ArgumentException>(static () => SseResults.Subscribe(""));
        Should.Throw<ArgumentOutOfRangeException>(static () => SseResults.Sample(TimeSpan.Zero, static _ => ValueTask.FromResult(1)));
        var connect = new SseConnectContext(new DefaultHttpContext { Request = { QueryString = new QueryString("?channels=1,2&lastEventId=x.1") } });
        connect.Query("channels").ShouldBe("1,2");
        connect.Query("missing").ShouldBeNull();
        connect.LastEventId.ShouldBe("x.1");
        connect.Tag("session:1");
        connect.Tags.ShouldBe(["session:1"]);
    }
}
