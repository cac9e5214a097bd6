using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Resilience.Sse.Tests.Support;

/// <summary>An application with the SSE manager on a real Kestrel socket, with limits wide enough that only the test that means them meets them.</summary>
internal sealed class SseApp : IAsyncDisposable
{
    private SseApp(WebApplication app)
    {
        App = app;
        Address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
    }

    public WebApplication App { get; }

    public Uri Address { get; }

    public IPEndPoint EndPoint => new(IPAddress.Loopback, Address.Port);

    public ISsePublisher Publisher => App.Services.GetRequiredService<ISsePublisher>();

    public ISseManager Manager => App.Services.GetRequiredService<ISseManager>();

    public SseNode Node => App.Services.GetRequiredService<SseNode>();

    /// <summary>What streams ended of, for messages.</summary>
    public string Closed => string.Join(", ", Manager.GetStatistics().Closed.Where(static c => c.Value > 0));

    public static async Task<SseApp> StartAsync(
        Action<SseManagerOptions>? options = null,
        Action<IServiceCollection>? services = null,
        Action<WebApplication>? map = null,
        HttpProtocols protocols = HttpProtocols.Http1,
        TimeProvider? time = null,
        Action<KestrelServerOptions>? kestrel = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k =>
        {
            k.Listen(IPAddress.Loopback, 0, l => l.Protocols = protocols);
            kestrel?.Invoke(k);
        });
        builder.Services.AddSseManager(o =>
        {
            Widen(o);
            options?.Invoke(o);
        });
        builder.Services.AddSingleton(time ?? TimeProvider.System);
        services?.Invoke(builder.Services);
        var app = builder.Build();
        Map(app);
        map?.Invoke(app);
        await app.StartAsync();
        return new SseApp(app);
    }

    public static void Widen(SseManagerOptions o)
    {
        o.MaxConnections = 20_000;
        o.MaxConnectionsPerKey = 20_000;
        o.AttemptBurst = 10_000;
        o.AttemptsPerSecond = 10_000;
    }

    public static void Map(WebApplication app) =>
        app.MapSse("/events", static (connect, _) => ValueTask.FromResult<Microsoft.AspNetCore.Http.IResult>(
            SseResults.Subscribe((connect.Query("channels") ?? "news").Split(',', StringSplitOptions.RemoveEmptyEntries))));

    public async ValueTask DisposeAsync()
    {
        await App.StopAsync();
        await App.DisposeAsync();
    }
}
