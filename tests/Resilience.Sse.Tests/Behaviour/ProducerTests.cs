using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Resilience.Sse.Tests.Support;
using Resilience.TestKit;

namespace Resilience.Sse.Tests.Behaviour;

public sealed class ProducerTests
{
    [Fact]
    public async Task A_producer_that_throws_is_started_again_after_a_second_and_what_it_yields_arrives()
    {
        var starts = 0;
        await using var app = await StartAsync(ct => Produce(++starts, ct));
        await using var stream = await app.OpenAsync("/p");
        (await stream.NextAsync())!.Value.Data.ShouldBe("start 1");
        await RestAsync(app);
        (await stream.NextAsync())!.Value.Data.ShouldBe("start 2");
        app.Manager.GetStatistics().Errors["producer"].ShouldBeGreaterThanOrEqualTo(1);

        static async IAsyncEnumerable<string> Produce(int start, [EnumeratorCancellation] CancellationToken ct)
        {
            yield return $"start {start}";
            await Task.Yield();
            throw new InvalidOperationException("broken");
        }
    }

    [Fact]
    public async Task The_third_failure_in_a_row_closes_the_stream_with_PRODUCER_FAILED()
    {
        var starts = 0;
        await using var app = await StartAsync(_ => Fail(() => Interlocked.Increment(ref starts)));
        await using var stream = await app.OpenAsync("/p");
        await Watchdog.UntilAsync(() => app.Manager.GetStatistics().Errors["producer"] == 1);
        starts.ShouldBe(1, "it rests before it is started again");
        await RestAsync(app);
        await Watchdog.UntilAsync(() => app.Manager.GetStatistics().Errors["producer"] == 2);
        await RestAsync(app);
        (await stream.ReadToEndAsync()).Single().Data.ShouldBe("""{"error":"Producer failed","code":"PRODUCER_FAILED"}""");
        starts.ShouldBe(3);
        (await app.Logs.WhenAsync(1000)).Message.ShouldContain("3 errors, reason producer_failed");
    }

    [Fact]
    public async Task What_the_producer_yielded_before_its_end_arrives_before_the_close_event()
    {
        await using var app = await StartAsync(static _ => Enumerable.Range(0, 500).Select(static i => $"{i}").ToAsyncEnumerable());
        await using var stream = await app.OpenAsync("/p");
        var events = await stream.ReadToEndAsync();
        events.Count.ShouldBe(501);
        events[^2].Data.ShouldBe("499");
        events[^1].ShouldBe(new ParsedEvent("close", """{"reason":"completed"}""", string.Empty));
    }

    [Theory]
    [InlineData(SseCloseReason.Timeout, "TIMEOUT")]
    [InlineData(SseCloseReason.TokenRevoked, "TOKEN_REVOKED")]
    [InlineData(SseCloseReason.Shutdown, "shutdown")]
    public async Task A_busy_producers_stream_that_is_told_to_end_gets_its_last_words_at_once(SseCloseReason reason, string told)
    {
        var produced = 0;
        await using var app = await StartAsync(_ => Endless(() => Interlocked.Increment(ref produced)));
        using var response = await app.Http.GetAsync("/p", HttpCompletionOption.ResponseHeadersRead);
        var connection = app.Node.Connections.Single();

        // As much as the server's pipe takes lies before a client that reads nothing yet: the flush is pending, and nothing more is taken until it reads.
        await Watchdog.UntilAsync(() => connection.Bytes >= 64 * 1024);
        connection.TryClose(reason).ShouldBeTrue();
        var before = Volatile.Read(ref produced);

        // The clock stands still, so nothing but the stream itself can end it; and what the producer has ready is not sent any more.
        await using var stream = new SseReader(await response.Content.ReadAsStreamAsync());
        var events = await stream.ReadToEndAsync().Within();
        events[^1].Data.ShouldContain(told);
        events.Count.ShouldBeLessThan(before + 2);
        events.SkipLast(1).ShouldAllBe(static e => e.Data.Length == 8192, "an event that was begun is finished");
        await Watchdog.UntilAsync(() => app.Manager.ConnectionCount == 0);
    }

    [Fact]
    public async Task A_stream_that_is_told_to_end_finishes_the_event_that_was_begun_and_takes_no_other()
    {
        await using var app = await TestApp.StartAsync();
        await using var stream = await app.OpenAsync();
        var full = new TaskCompletionSource();
        var frame = SseEncoder.Encode(null, null, null, new byte[8192].AsSpan());
        await using var source = new ProducerSource(app.Node, app.Node.Connections.Single(), async (sink, ct) =>
        {
            for (var queued = 0; ; queued += frame.Length)
            {
                if (queued >= 64 * 1024)
                {
                    full.TrySetResult();
                }

                await sink.WriteAsync(frame, ct);
            }
        });
        source.Begin(3000);
        await full.Task.Within();
        var writer = PipeWriter.Create(Stream.Null);
        source.Fill(writer, single: false).Bytes.ShouldBe(SseSource.SliceBytes);
        source.HasRest.ShouldBeTrue("an event was begun");
        var rest = source.FillRest(writer);
        (SseSource.SliceBytes + rest.Bytes).ShouldBe(4 * frame.Length);
        source.HasRest.ShouldBeFalse("what waits is not sent any more");
    }

    [Fact]
    public async Task A_producer_waits_for_its_client_and_holds_a_bounded_number_of_bytes()
    {
        var produced = 0;
        await using var app = await StartAsync(_ => Endless(() => Interlocked.Increment(ref produced)));
        await using var stream = await app.OpenAsync("/p");
        await Watchdog.UntilAsync(() => Volatile.Read(ref produced) > 8);
        var before = -1;
        await Watchdog.UntilAsync(async () =>
        {
            var now = Volatile.Read(ref produced);
            var still = now == before;
            before = now;
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
            return still;
        });

        // The queue (64 KiB), a slice (32 KiB), the server's buffers: far from what an eager producer would have made.
        produced.ShouldBeLessThan(60);
        await stream.NextAsync();
    }

    [Fact]
    public async Task The_token_of_the_producer_ends_with_the_stream()
    {
        var ended = new TaskCompletionSource();
        await using var app = await StartAsync(ct => Wait(ended, ct));
        await using (var stream = await app.OpenAsync("/p"))
        {
            await stream.NextAsync();
        }

        await ended.Task.Within(TimeSpan.FromSeconds(5));
        await Watchdog.UntilAsync(() => app.Manager.ConnectionCount == 0);

        static async IAsyncEnumerable<string> Wait(TaskCompletionSource ended, [EnumeratorCancellation] CancellationToken ct)
        {
            yield return "on";
            try
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, ct);
            }
            finally
            {
                ended.SetResult();
            }
        }
    }

    /// <summary>
    /// Waits for the rest, which is armed on another thread beside the wheel's timer, and turns to its end and no further: the client has some seconds to take the last
    /// words, by the same clock.
    /// </summary>
    private static async Task RestAsync(TestApp app)
    {
        await app.Time.WhenTimersAsync(2);
        app.Turn(1);
    }

    private static Task<TestApp> StartAsync(Func<CancellationToken, IAsyncEnumerable<string>> source) =>
        TestApp.StartAsync(map: a => a.MapSse("/p", (_, _) => ValueTask.FromResult<IResult>(SseResults.Stream(source))));

    private static async IAsyncEnumerable<string> Fail(Action started)
    {
        started();
        await Task.Yield();
        if (DateTimeOffset.MinValue.Year == 1)
        {
            throw new InvalidOperationException("broken");
        }

        yield break;
    }

    private static async IAsyncEnumerable<string> Endless(Action produced)
    {
        var item = new string('x', 8192);
        while (true)
        {
            produced();
            yield return item;
            await Task.Yield();
        }
    }
}
