using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.OutputCaching;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Resilience.Sse.Tests.Support;
using Resilience.TestKit;

namespace Resilience.Sse.Tests.Behaviour;

/// <summary>Uses that are unusual, and uses that are wrong.</summary>
public sealed class MisuseTests
{
    [Fact]
    public async Task A_stream_of_a_producer_has_no_channels_to_join_or_leave()
    {
        await using var app = await TestApp.StartAsync(map: static a =>
            a.MapSse("/sample", static (_, _) => ValueTask.FromResult<IResult>(SseResults.Sample(TimeSpan.FromSeconds(60), static _ => ValueTask.FromResult(1)))));
        await using var stream = await app.OpenAsync("/sample");
        (await app.Manager.SubscribeAsync(SseTarget.All, "room")).ShouldBe(0, "it would never get what is published there");
        (await app.Manager.UnsubscribeAsync(SseTarget.All, "room")).ShouldBe(0);
        app.Manager.Snapshot().Single().Channels.ShouldBeEmpty();
        app.Manager.GetStatistics().Channels.ShouldBe(0);
    }

    [Fact]
    public async Task A_request_for_the_head_gets_the_headers_and_takes_no_slot()
    {
        await using var app = await TestApp.StartAsync(map: static a => a.MapMethods("/head", ["GET", "HEAD"], static () => SseResults.Subscribe("news")));
        using var request = new HttpRequestMessage(HttpMethod.Head, "/head");
        using var response = await app.Http.SendAsync(request).Within();
        response.Content.Headers.ContentType!.ToString().ShouldBe("text/event-stream");
        app.Manager.GetStatistics().Opened.ShouldBe(0);
        app.Manager.ConnectionCount.ShouldBe(0);
    }

    [Fact]
    public async Task Serializer_options_as_one_makes_them_are_enough()
    {
        await using var app = await TestApp.StartAsync(static o => o.SerializerOptions = new JsonSerializerOptions(JsonSerializerDefaults.Web) { PropertyNamingPolicy = JsonNamingPolicy.KebabCaseLower });
        await using var stream = await app.OpenAsync();
        await app.Publisher.PublishAsync("news", new { SomeText = "x" });
        (await stream.NextAsync())!.Value.Data.ShouldBe("""{"some-text":"x"}""");
    }

    [Theory]
    [InlineData("Name has 0 characters")]
    [InlineData("Name has 101 characters")]
    [InlineData("SlowClientPolicy is 7")]
    public void An_endpoints_name_and_policy_are_checked_when_it_is_mapped(string message)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Services.AddSseManager();
        var app = builder.Build();
        Should.Throw<OptionsValidationException>(() => app.MapSse("/x", static (_, _) => ValueTask.FromResult<IResult>(SseResults.Subscribe("a"))).WithSse(o =>
        {
            o.Name = message.Contains("101", StringComparison.Ordinal) ? new string('n', 101) : message.StartsWith("Name", StringComparison.Ordinal) ? string.Empty : "x";
            o.SlowClientPolicy = message.EndsWith('7') ? (SseSlowClientPolicy)7 : null;
        })).Message.ShouldContain(message);
    }

    [Fact]
    public async Task An_endpoints_heartbeat_that_is_not_shorter_than_the_stale_timeout_stops_the_host_at_its_start() =>
        (await Should.ThrowAsync<OptionsValidationException>(() => TestApp.StartAsync(map: static a =>
            a.MapGet("/x", static () => SseResults.Subscribe("a")).WithSse(static o => o.HeartbeatInterval = TimeSpan.FromSeconds(30))))).Message.ShouldContain("StaleTimeout");

    [Fact]
    public async Task A_publication_whose_token_is_cancelled_is_not_made()
    {
        await using var app = await TestApp.StartAsync();
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(async () => await app.Publisher.PublishAsync("news", "x", cancellationToken: cancelled.Token));
        app.Publisher.Position.Sequence.ShouldBe(0);
        await Should.ThrowAsync<OperationCanceledException>(async () => await app.Manager.CloseAsync(SseTarget.All, "x", cancelled.Token));
    }

    [Fact]
    public async Task Whatever_the_reason_of_a_close_and_the_name_of_a_channel_they_stay_inside_their_event()
    {
        const string nasty = "a\r\n\r\nevent: evil\ndata: \0\uD800";
        await using var app = await TestApp.StartAsync(map: static a => a.MapSse("/nasty", static (_, _) => ValueTask.FromResult<IResult>(SseResults.Subscribe(nasty))));
        await using var stream = await app.OpenAsync("/nasty", "rubbish");
        using (var gap = JsonDocument.Parse((await stream.NextAsync())!.Value.Data))
        {
            gap.RootElement.GetProperty("channels")[0].GetString().ShouldBe(nasty.Replace('\uD800', '\uFFFD'));
        }

        await app.Manager.CloseAsync(SseTarget.All, nasty);
        await stream.ReadToEndAsync();
        stream.Parser.Events.Select(static e => e.Type).ShouldBe(["sse.gap", "close"]);
        using var close = JsonDocument.Parse(stream.Parser.Events[1].Data);
        close.RootElement.GetProperty("reason").GetString().ShouldBe(nasty.Replace('\uD800', '\uFFFD'));
    }

    [Fact]
    public async Task Compression_that_was_told_to_compress_streams_holds_nothing_back()
    {
        await using var app = await TestApp.StartAsync(
            services: static s => s.AddResponseCompression(static o => (o.EnableForHttps, o.MimeTypes) = (true, ["text/event-stream"])),
            map: static a => a.UseResponseCompression());
        app.Http.DefaultRequestHeaders.Add("Accept-Encoding", "gzip, br");
        using var response = await app.Http.GetAsync("/events", HttpCompletionOption.ResponseHeadersRead);
        response.Content.Headers.ContentEncoding.ShouldBe(["identity"]);
        await using var stream = new SseReader(await response.Content.ReadAsStreamAsync());
        await stream.WhenBlocksAsync(1);
        await app.Publisher.PublishAsync("news", "at once");
        (await stream.NextAsync())!.Value.Data.ShouldBe("at once");
    }

    [Fact]
    public async Task Output_caching_of_everything_neither_keeps_a_stream_nor_makes_the_next_wait_for_its_end()
    {
        await using var app = await TestApp.StartAsync(
            services: static s => s.AddOutputCache(static o => o.AddBasePolicy(static b => b.Cache())),
            map: static a => a.UseOutputCache());
        await using var one = await app.OpenAsync().Within();
        await using var two = await app.OpenAsync().Within();
        await app.Publisher.PublishAsync("news", "to both");
        (await one.NextAsync())!.Value.Data.ShouldBe("to both");
        (await two.NextAsync())!.Value.Data.ShouldBe("to both");
        await app.Manager.CloseAsync(SseTarget.All, "bye");
        (await one.ReadToEndAsync()).Count.ShouldBe(2);
        (await two.ReadToEndAsync()).Count.ShouldBe(2);
        await using var three = await app.OpenAsync().Within();
        three.Parser.Events.ShouldBeEmpty("it is a stream of its own and not a copy of one that has ended");
        app.Manager.ConnectionCount.ShouldBe(1);
    }

    [Fact]
    public async Task Output_caching_keeps_no_copy_of_a_stream_that_a_result_executes()
    {
        var stored = true;
        await using var app = await TestApp.StartAsync(
            services: static s => s.AddOutputCache(static o => o.AddBasePolicy(static b => b.Cache())),
            map: a =>
            {
                a.UseOutputCache();
                a.Use((context, next) =>
                {
                    context.Response.OnStarting(() =>
                    {
                        stored = context.Features.GetRequiredFeature<IOutputCacheFeature>().Context.AllowCacheStorage;
                        return Task.CompletedTask;
                    });
                    return next(context);
                });
                a.MapGet("/get", static () => SseResults.Subscribe("news"));
            });
        await using var stream = await app.OpenAsync("/get");
        stored.ShouldBeFalse();
    }

    [Fact]
    public async Task A_filter_of_an_endpoint_runs_before_the_slot_is_taken_and_may_refuse()
    {
        await using var app = await TestApp.StartAsync(map: static a =>
        {
            a.MapSse("/filtered", static (_, _) => ValueTask.FromResult<IResult>(SseResults.Subscribe("news")))
                .AddEndpointFilter<IEndpointConventionBuilder, Filter>();
        });
        using var refused = await app.Http.GetAsync("/filtered");
        ((int)refused.StatusCode).ShouldBe(402);
        app.Manager.GetStatistics().Rejected.Values.Sum().ShouldBe(0);
        await using var stream = await app.OpenAsync("/filtered?paid=1");
        await app.Publisher.PublishAsync("news", "x");
        (await stream.NextAsync())!.Value.Data.ShouldBe("x");
    }

    private sealed class Filter : IEndpointFilter
    {
        public ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next) =>
            context.HttpContext.Request.Query.ContainsKey("paid") ? next(context) : ValueTask.FromResult<object?>(Results.StatusCode(402));
    }
}
