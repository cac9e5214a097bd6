using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Resilience.Benchmarks;
using Resilience.Data;
using Resilience.TestKit;

namespace Resilience.LoadTests.Data;

/// <summary>
/// The stored baseline of endpoints: statements, p50 and p95 of each, for one caller and for fifty. <c>./bench.sh compare ChannelEndpoints</c> sets a run against it.
/// </summary>
internal sealed class ChannelEndpoints : ILoadTest
{
    private const int Channels = 1_000;

    public string Question => "What does a request for 1,000 channels cost at an HTTP endpoint, alone and with 50 callers at once: statements, p50 and p95?";

    public async Task<LoadTestResult> RunAsync(CancellationToken cancellationToken)
    {
        await using var server = await PostgreSqlServer.StartNewAsync();
        await using var database = await ChannelDatabase.CreateAsync(server);
        await using var app = await StartAsync(database);
        using var client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
        Endpoint[] endpoints = [new("loop"), new("loader"), new("cached")];
        foreach (var endpoint in endpoints)
        {
            await GetAsync(client, endpoint.Warm, cancellationToken);
        }

        for (var round = 0; round < 100; round++)
        {
            foreach (var endpoint in endpoints)
            {
                await GetAsync(client, endpoint.Alone, cancellationToken);
            }
        }

        for (var round = 0; round < 8; round++)
        {
            foreach (var endpoint in endpoints)
            {
                await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => GetAsync(client, endpoint.Together, cancellationToken)));
            }
        }

        var rows = new List<ResultRow>();
        foreach (var (callers, measured) in new (string, Func<Endpoint, Measured>)[] { ("one caller", static e => e.Alone), ("50 callers", static e => e.Together) })
        {
            var loop = measured(endpoints[0]);
            foreach (var one in endpoints.Select(measured))
            {
                var name = one.Path == "loop" ? "GET /channels/loop (Dapper loop)" : $"Resilience GET /channels/{one.Path}";
                rows.Add(new($"{name}, {callers}, statements", one.Statements, "statements/request", (double)one.Statements / loop.Statements));
                rows.Add(new($"{name}, {callers}, p50", one.Times.P50, "ms/request", one.Times.P50 / loop.Times.P50));
                rows.Add(new($"{name}, {callers}, p95", one.Times.P95, "ms/request", one.Times.P95 / loop.Times.P95));
            }
        }

        return new LoadTestResult(
            rows,
            "Kestrel, PostgreSQL and the callers share the machine. 100 requests alone, then 8 rounds of 50 at once, for each endpoint in turn. Statements are the most that one request ran; every answer had 1,000 channels, and none failed.");
    }

    private static async Task<WebApplication> StartAsync(PostgreSqlDatabase database)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        ChannelReaders.Add(builder.Services, database.DataSource);
        builder.Services.AddFencedCache();
        var app = builder.Build();
        app.Use(static async (context, next) =>
        {
            using var scope = context.RequestServices.GetRequiredService<QueryMonitor>().BeginScope("request");
            context.Response.OnStarting(() =>
            {
                context.Response.Headers["X-Statements"] = scope.Count.ToString(System.Globalization.CultureInfo.InvariantCulture);
                return Task.CompletedTask;
            });
            await next(context);
        });
        Map(app, "loop", ChannelReaders.LoopAsync);
        Map(app, "loader", ChannelReaders.LoaderAsync);
        Map(app, "cached", ChannelReaders.CachedAsync);
        await app.StartAsync();
        return app;
    }

    private static void Map(WebApplication app, string path, Func<IServiceProvider, int, CancellationToken, Task<List<ChannelRow>>> read) =>
        app.MapGet($"/channels/{path}", async context =>
            await context.Response.WriteAsJsonAsync(await read(app.Services, Channels, context.RequestAborted), context.RequestAborted));

    private static async Task GetAsync(HttpClient client, Measured measured, CancellationToken cancellationToken)
    {
        var (statements, count) = await measured.Times.AddAsync(async () =>
        {
            using var response = await client.GetAsync(new Uri($"/channels/{measured.Path}", UriKind.Relative), cancellationToken);
            response.EnsureSuccessStatusCode();
            var rows = System.Text.Json.JsonSerializer.Deserialize<List<ChannelRow>>(
                await response.Content.ReadAsStringAsync(cancellationToken), System.Text.Json.JsonSerializerOptions.Web)!;
            return (int.Parse(response.Headers.GetValues("X-Statements").Single(), System.Globalization.CultureInfo.InvariantCulture), rows.Count);
        });
        measured.Ran(statements);
        if (count != Channels)
        {
            throw new InvalidOperationException($"{count} channels were read.");
        }
    }

    private sealed class Endpoint(string path)
    {
        public Measured Warm { get; } = new(path);

        public Measured Alone { get; } = new(path);

        public Measured Together { get; } = new(path);
    }

    private sealed class Measured(string path)
    {
        private int _statements;

        public string Path => path;

        public Times Times { get; } = new();

        public int Statements => Volatile.Read(ref _statements);

        public void Ran(int statements)
        {
            lock (Times)
            {
                _statements = Math.Max(_statements, statements);
            }
        }
    }
}
