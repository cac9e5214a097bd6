using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Resilience.Sse.Tests.Support;

namespace Resilience.Sse.Tests.Behaviour;

/// <summary>The ways in which an application maps a stream.</summary>
public sealed class EndpointTests
{
    [Fact]
    public async Task A_result_from_a_controller_streams_as_well()
    {
        await using var app = await TestApp.StartAsync(
            services: static s => s.AddControllers().AddApplicationPart(typeof(StreamsController).Assembly),
            map: static a => a.MapControllers());
        await using var stream = await app.OpenAsync("/controller/stream?channel=news");
        app.Manager.ConnectionCount.ShouldBe(1);
        await app.Publisher.PublishAsync("news", "x");
        (await stream.NextAsync())!.Value.Data.ShouldBe("x");
    }

    [Fact]
    public async Task A_handler_gets_up_to_four_services()
    {
        var got = new List<int>();
        await using var app = await TestApp.StartAsync(
            services: static s => s.AddSingleton<One>().AddSingleton<Two>().AddSingleton<Three>().AddSingleton<Four>(),
            map: a =>
            {
                a.MapSse<One>("/1", (_, one, _) => Accept(one));
                a.MapSse<One, Two>("/2", (_, one, two, _) => Accept(one, two));
                a.MapSse<One, Two, Three>("/3", (_, one, two, three, _) => Accept(one, two, three));
                a.MapSse<One, Two, Three, Four>("/4", (_, one, two, three, four, _) => Accept(one, two, three, four));
            });
        for (var i = 1; i <= 4; i++)
        {
            await (await app.OpenAsync($"/{i}")).DisposeAsync();
        }

        got.ShouldBe([1, 2, 3, 4]);

        ValueTask<IResult> Accept(params object[] services)
        {
            services.ShouldAllBe(static s => s != null);
            got.Add(services.Length);
            return ValueTask.FromResult<IResult>(SseResults.Subscribe("news"));
        }
    }

    [Theory]
    [InlineData("/events")]
    [InlineData("/get")]
    public async Task Request_timeouts_and_HTTP_metrics_are_off_for_streams(string path)
    {
        var features = new Switches();
        await using var app = await TestApp.StartAsync(map: a =>
        {
            a.Use((context, next) =>
            {
                context.Features.Set<IHttpRequestTimeoutFeature>(features);
                context.Features.Set<IHttpMetricsTagsFeature>(features);
                return next(context);
            });
            a.MapGet("/get", static () => SseResults.Subscribe("news"));
        });
        await using var stream = await app.OpenAsync(path);
        features.TimeoutDisabled.ShouldBeTrue();
        features.MetricsDisabled.ShouldBeTrue();
    }

    [Fact]
    public async Task An_endpoint_of_MapSse_says_so_before_its_handler_runs()
    {
        await using var app = await TestApp.StartAsync();
        var endpoint = app.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().Single(static e => e.RoutePattern.RawText == "/events");
        endpoint.Metadata.GetMetadata<DisableRequestTimeoutAttribute>().ShouldNotBeNull();
        endpoint.Metadata.GetMetadata<IDisableHttpMetricsMetadata>().ShouldNotBeNull();
        endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()!.HttpMethods.ShouldBe(["GET"]);
        endpoint.Metadata.GetMetadata<IProducesResponseTypeMetadata>()!.ContentTypes.ShouldBe(["text/event-stream"]);
    }

    private sealed class One;

    private sealed class Two;

    private sealed class Three;

    private sealed class Four;

    private sealed class Switches : IHttpRequestTimeoutFeature, IHttpMetricsTagsFeature
    {
        public bool TimeoutDisabled { get; private set; }

        public bool MetricsDisabled { get; set; }

        public CancellationToken RequestTimeoutToken => CancellationToken.None;

        public ICollection<KeyValuePair<string, object?>> Tags { get; } = [];

        public void DisableTimeout() => TimeoutDisabled = true;
    }
}

[ApiController]
[Route("controller")]
public sealed class StreamsController : ControllerBase
{
    [HttpGet("stream")]
    public SseResult Stream() => SseResults.Subscribe(Request.Query["channel"].ToString());
}
