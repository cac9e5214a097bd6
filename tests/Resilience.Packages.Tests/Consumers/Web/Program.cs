using Resilience.Sse;

var builder = WebApplication.CreateSlimBuilder();
builder.WebHost.UseUrls("http://127.0.0.1:0");
builder.Logging.SetMinimumLevel(LogLevel.Warning);
builder.Services.AddSseManager(options => options.MaxConnectionsPerKey = 2);
builder.Services.AddHealthChecks().AddSseManager();

var app = builder.Build();
app.MapHealthChecks("/health");
app.MapSse("/events", static (connect, cancellationToken) => ValueTask.FromResult<IResult>(SseResults.Subscribe("room:1")));
app.MapGet("/ticks", () => SseResults.Sample(TimeSpan.FromMilliseconds(20), static cancellationToken => ValueTask.FromResult(7)));
await app.StartAsync();

using var client = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
using var events = new StreamReader(await client.GetStreamAsync("/events"));
await app.Services.GetRequiredService<ISsePublisher>().PublishAsync("room:1", "hello", eventType: "message");
await ReadUntilAsync(events, "data: hello");

using var ticks = new StreamReader(await client.GetStreamAsync("/ticks"));
await ReadUntilAsync(ticks, "data: 7");

using var refused = await client.GetAsync("/events");
if ((int)refused.StatusCode != 429 || await client.GetStringAsync("/health") != "Healthy")
{
    throw new InvalidOperationException($"The third stream of one address was answered with {(int)refused.StatusCode}.");
}

await app.StopAsync();
Console.WriteLine("all checks passed");

static async Task ReadUntilAsync(StreamReader reader, string expected)
{
    using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
    while (await reader.ReadLineAsync(limit.Token) != expected)
    {
    }
}
