using System.Collections.Concurrent;
using System.Globalization;
using System.IO.Pipelines;
using System.Net;
using System.Net.ServerSentEvents;
using System.Runtime;
using System.Runtime.CompilerServices;
using System.Text;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Resilience.Sse;
using Resilience.TestKit;

namespace Resilience.LoadTests.Sse;

/// <summary>
/// A server in a process of its own, so that its processor time and memory are its own. The first argument names what streams: <c>resilience</c>; <c>idiom</c>, the
/// framework's result with a bounded channel per client; <c>raw</c>, a loop that writes shared bytes to each response and flushes; <c>bare</c>, a handler that holds
/// the request open.
/// </summary>
public sealed class SseServer : IChildScenario
{
    private readonly ConcurrentDictionary<string, Channel<SseItem<string>>> _channels = new();
    private readonly ConcurrentDictionary<string, PipeWriter> _writers = new();

    public async Task RunAsync(ChildContext context)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(static k => k.Listen(IPAddress.Any, 0));
        builder.Services.AddSseManager(static o =>
        {
            o.MaxConnections = o.MaxConnectionsPerKey = 20_000;
            o.AttemptBurst = 10_000;
            o.AttemptsPerSecond = 10_000;
        });
        var app = builder.Build();
        Map(app, context.Arguments[0]);
        await app.StartAsync();
        context.Send(new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First().Replace("0.0.0.0", "127.0.0.1", StringComparison.Ordinal)).Port.ToString(CultureInfo.InvariantCulture));
        await AnswerAsync(context, app.Services.GetRequiredService<ISsePublisher>());
    }

    private void Map(WebApplication app, string variant)
    {
        switch (variant)
        {
            case "resilience":
                app.MapSse("/events", static (connect, _) => ValueTask.FromResult<IResult>(SseResults.Subscribe(connect.Query("channels")?.Split(',') ?? ["news"])));
                app.MapPost("/publish", static async (HttpRequest request, ISsePublisher publisher) =>
                {
                    using var body = new StreamReader(request.Body);
                    await publisher.PublishAsync("news", await body.ReadToEndAsync());
                    return TypedResults.NoContent();
                });
                break;
            case "idiom":
                app.MapGet("/events", (HttpContext http) => TypedResults.ServerSentEvents(ReadAsync(http.Connection.Id, http.RequestAborted)));
                break;
            default:
                app.MapGet("/events", variant == "raw" ? HoldAsync : BareAsync);
                break;
        }
    }

    private async Task AnswerAsync(ChildContext context, ISsePublisher publisher)
    {
        var payload = "~" + new string('x', 99);
        var frame = Encoding.UTF8.GetBytes($"id: 1abcdefgh.123456\ndata: {payload}\n\n");
        while (true)
        {
            var command = (await context.ReceiveAsync()).Split(' ');
            switch (command[0])
            {
                case "publish":
                    for (var i = int.Parse(command[1], CultureInfo.InvariantCulture); i > 0; i--)
                    {
                        await PublishAsync(context.Arguments[0], publisher, payload, frame);
                    }

                    break;
                case "spread":
                    // Events for some of many channels, one each, in turn.
                    for (var i = 0; i < int.Parse(command[1], CultureInfo.InvariantCulture); i++)
                    {
                        var channel = (int.Parse(command[2], CultureInfo.InvariantCulture) + i) % int.Parse(command[3], CultureInfo.InvariantCulture);
                        await publisher.PublishAsync($"c{channel}", payload);
                    }

                    break;
                case "allocated":
                    context.Send(GC.GetTotalAllocatedBytes(precise: true).ToString(CultureInfo.InvariantCulture));
                    break;
                case "compiled":
                    context.Send(JitInfo.GetCompiledMethodCount().ToString(CultureInfo.InvariantCulture));
                    break;
                case "cpu":
                    // Exact, where the processor times of a process that is looked at from outside come in steps of 10 ms.
                    context.Send(Environment.CpuUsage.TotalTime.TotalMicroseconds.ToString(CultureInfo.InvariantCulture));
                    break;
                default:
                    GC.Collect();
                    GC.WaitForPendingFinalizers();
                    context.Send(string.Create(CultureInfo.InvariantCulture, $"{GC.GetTotalMemory(true)}"));
                    break;
            }
        }
    }

    private async ValueTask PublishAsync(string variant, ISsePublisher publisher, string payload, byte[] frame)
    {
        if (variant == "resilience")
        {
            await publisher.PublishAsync("news", payload);
        }
        else if (variant == "idiom")
        {
            foreach (var channel in _channels.Values)
            {
                await channel.Writer.WriteAsync(new SseItem<string>(payload));
            }
        }
        else
        {
            foreach (var writer in _writers.Values)
            {
                await writer.WriteAsync(frame);
            }
        }
    }

    private async IAsyncEnumerable<SseItem<string>> ReadAsync(string id, [EnumeratorCancellation] CancellationToken aborted)
    {
        var channel = Channel.CreateBounded<SseItem<string>>(1000);
        _channels[id] = channel;

        // The framework sends the headers with the first item.
        yield return new SseItem<string>("hello");
        try
        {
            await foreach (var item in channel.Reader.ReadAllAsync(aborted))
            {
                yield return item;
            }
        }
        finally
        {
            _channels.TryRemove(id, out _);
        }
    }

    private async Task HoldAsync(HttpContext http)
    {
        http.Response.ContentType = "text/event-stream";
        var writer = http.Response.BodyWriter;
        await writer.WriteAsync(":\n\n"u8.ToArray());
        _writers[http.Connection.Id] = writer;
        await HoldOpenAsync(http);
        _writers.TryRemove(http.Connection.Id, out _);
    }

    private static async Task BareAsync(HttpContext http)
    {
        http.Response.ContentType = "text/event-stream";
        await http.Response.BodyWriter.WriteAsync(":\n\n"u8.ToArray());
        await HoldOpenAsync(http);
    }

    private static async Task HoldOpenAsync(HttpContext http)
    {
        var gone = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = http.RequestAborted.UnsafeRegister(static s => ((TaskCompletionSource)s!).TrySetResult(), gone);
        await gone.Task;
    }
}
